//! From the bytes of a body to a request, or to the fields that do not fit.

use serde_json::value::RawValue;

use super::members::{Listed, Members, depth};
use super::problem::{MOST_ERRORS, Problem};
use super::wire::{DEFAULT_EXPLAIN, FieldError, MAX_CUSTOMERS, MAX_DEPTH, MAX_EXPLAIN};

/// The members of a body.
pub(super) const MEMBERS: &[&str] = &["as_of", "explain", "customers"];

/// A request whose own members are right; its customers are not read yet.
#[derive(Debug)]
pub(super) struct CheckedRequest<'a> {
    /// As given; not read yet.
    pub(super) as_of: String,
    /// At most [`MAX_EXPLAIN`].
    pub(super) explain: usize,
    /// 1 to [`MAX_CUSTOMERS`].
    pub(super) customers: Vec<&'a RawValue>,
}

/// Reads the members of the body.
///
/// # Errors
/// [`Problem::NotJson`], or [`Problem::WrongShape`] with every member that breaks a rule.
pub(super) fn read(bytes: &[u8]) -> Result<CheckedRequest<'_>, Problem> {
    let json = json(bytes)?;
    let members = Members::read(json, MEMBERS).map_err(|error| {
        if error.is_data() { Problem::field("", "must be an object with `as_of` and `customers`") } else { not_json(&error) }
    })?;
    let mut errors = members.errors("");
    let mut refuse = |member: &str, detail: String| errors.push(FieldError { pointer: format!("/{member}"), detail });

    let explain = members.get("explain").map(|explain| explain.unwrap_or(DEFAULT_EXPLAIN)).ok().filter(|explain| *explain <= MAX_EXPLAIN);
    if explain.is_none() {
        refuse("explain", format!("must be a whole number from 0 to {MAX_EXPLAIN}"));
    }
    let as_of: Option<String> = members.get("as_of").ok().flatten();
    if as_of.is_none() {
        refuse("as_of", "must be given, as RFC 3339 or as a date, in text".to_owned());
    }
    let customers: Option<Listed<MAX_CUSTOMERS>> = members.get("customers").ok().flatten();
    let customers = customers.filter(|customers| (1..=MAX_CUSTOMERS).contains(&customers.count));
    if customers.is_none() {
        refuse("customers", format!("must be an array of 1 to {MAX_CUSTOMERS} customers"));
    }

    match (as_of, explain, customers) {
        (Some(as_of), Some(explain), Some(customers)) if errors.is_empty() => {
            Ok(CheckedRequest { as_of, explain: explain as usize, customers: customers.kept })
        }
        _ => {
            errors.truncate(MOST_ERRORS);
            Err(Problem::WrongShape(errors))
        }
    }
}

/// The one JSON value that a body is.
///
/// # Errors
/// [`Problem::TooDeep`] before anything else is read of it, or [`Problem::NotJson`].
pub(super) fn json(bytes: &[u8]) -> Result<&RawValue, Problem> {
    if depth(bytes) > MAX_DEPTH {
        return Err(Problem::TooDeep);
    }
    serde_json::from_slice(bytes).map_err(|error| not_json(&error))
}

/// The problem that this is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> Problem {
    Problem::NotJson { line: error.line(), column: error.column() }
}
