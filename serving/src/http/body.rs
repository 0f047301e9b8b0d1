//! From the bytes of a body to a request, or to the fields that do not fit.

use axum::http::{HeaderMap, header};
use serde_path_to_error::{Path, Segment};

use super::cell::Object;
use super::problem::{MOST_ERRORS, Problem};
use super::wire::{CustomerRequest, Customers, DEFAULT_EXPLAIN, FieldError, MAX_CUSTOMERS, MAX_EXPLAIN, ScoreRequest};

/// A request whose skeleton is right.
#[derive(Debug)]
pub(super) struct CheckedRequest {
    /// As given; not read yet.
    pub(super) as_of: String,
    /// At most [`MAX_EXPLAIN`].
    pub(super) explain: usize,
    /// 1 to [`MAX_CUSTOMERS`]; each has either events or features.
    pub(super) customers: Vec<CustomerRequest>,
}

/// Whether the headers say that the body is JSON.
#[must_use]
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads the skeleton.
///
/// # Errors
/// [`Problem::NotJson`], or [`Problem::WrongShape`] with the first member of a wrong type or name, or else every member that
/// breaks a rule.
pub(super) fn read(bytes: &[u8]) -> Result<CheckedRequest, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(request) = serde_path_to_error::deserialize::<_, Object<ScoreRequest>>(&mut json).map_err(|error| {
        if error.inner().is_data() { Problem::field(pointer(error.path()), rule(error.path())) } else { Problem::NotJson }
    })?;
    json.end().map_err(|_| Problem::NotJson)?;
    check(request)
}

fn check(request: ScoreRequest) -> Result<CheckedRequest, Problem> {
    let mut errors = Vec::new();
    let mut refuse = |pointer: String, detail: String| errors.push(FieldError { pointer, detail });
    let explain = request.explain.unwrap_or(DEFAULT_EXPLAIN);
    if explain > MAX_EXPLAIN {
        refuse("/explain".to_owned(), rule_of("explain"));
    }
    if request.as_of.is_none() {
        refuse("/as_of".to_owned(), rule_of("as_of"));
    }
    let Customers { kept, count } = request.customers.unwrap_or_default();
    if !(1..=MAX_CUSTOMERS).contains(&count) {
        refuse("/customers".to_owned(), rule_of("customers"));
    }
    for (place, customer) in kept.iter().enumerate() {
        if customer.customer_id.name().is_none() {
            refuse(format!("/customers/{place}/customer_id"), rule_of("customer_id"));
        }
        if customer.events.is_some() == customer.features.is_some() {
            refuse(format!("/customers/{place}"), "must have either `events` or `features`".to_owned());
        }
        if customer.population.is_some() && customer.features.is_none() {
            refuse(format!("/customers/{place}/population"), "goes with `features` only".to_owned());
        }
    }
    match request.as_of {
        Some(as_of) if errors.is_empty() => Ok(CheckedRequest { as_of, explain: explain as usize, customers: kept }),
        _ => {
            errors.truncate(MOST_ERRORS);
            Err(Problem::WrongShape(errors))
        }
    }
}

/// What a member must be, by its name.
fn rule_of(member: &str) -> String {
    match member {
        "as_of" => "must be given, as RFC 3339 or as a date, in text".to_owned(),
        "explain" => format!("must be a whole number from 0 to {MAX_EXPLAIN}"),
        "customers" => format!("must be an array of 1 to {MAX_CUSTOMERS} customers"),
        "customer_id" => "must be given, as text or as a whole number".to_owned(),
        "events" => "must be an array of events".to_owned(),
        "features" => "must be an object of feature name to number or null".to_owned(),
        "attributes" => "must be an object of attribute name to value".to_owned(),
        "population" => "must be `current`, `lapsed` or `prospect`".to_owned(),
        _ => String::new(),
    }
}

/// What is wrong where serde stopped. Its own words would repeat what the caller sent.
fn rule(path: &Path) -> String {
    const TOP: &[&str] = &["as_of", "explain", "customers"];
    const CUSTOMER: &[&str] = &["customer_id", "events", "features", "population", "attributes"];
    let segments: Vec<&Segment> = path.iter().collect();
    let known = if segments.len() == 1 { TOP } else { CUSTOMER };
    match segments.as_slice() {
        [] => "must be an object with `as_of` and `customers`".to_owned(),
        [.., Segment::Seq { .. }] => "must be an object".to_owned(),
        [.., Segment::Map { key }] if segments.len() > 3 => format!("`{key}` must stand there once, and as a scalar"),
        [.., Segment::Map { key }] if known.contains(&key.as_str()) => format!("{}, once", rule_of(key)),
        _ => format!("is no member here; known are `{}`", known.join("`, `")),
    }
}

/// The path as a JSON Pointer.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// A member's name inside a JSON Pointer, at most 64 characters of it.
#[must_use]
pub(super) fn escape(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}
