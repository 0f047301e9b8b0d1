//! The terms of a query: each is known, and given once.

use axum::extract::{MatchedPath, Query, Request};
use axum::http::Uri;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::members::plain;
use super::problem::Problem;
use crate::guard::{Access, access};

/// Routes whose handlers [`read`] the query, each the terms that it knows. All others know none.
pub(super) const READING: [&str; 5] =
    ["/v1/customers", "/v1/alerts", "/v1/campaigns/{id}/assignment", "/v1/campaigns/{id}/result", "/v1/score/stream"];

/// The terms that the query of `uri` gives. `T` takes each as text, so that whoever reads on can name the one that is wrong.
///
/// # Errors
/// [`Problem::WrongTerm`] with the first that `T` does not describe, or that is given twice.
pub(super) fn read<T: DeserializeOwned + IntoParams>(uri: &Uri) -> Result<T, Problem> {
    let unreadable = |_| Problem::term("", "must be of the form `name=value&name=value`");
    let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(unreadable)?;
    let known: Vec<String> = T::into_params(|| None).into_iter().map(|param| param.name).collect();
    for (place, (name, _)) in given.iter().enumerate() {
        if !known.contains(name) {
            return Err(unknown(name, &format!("none of `{}`", known.join("`, `"))));
        }
        if given.iter().take(place).any(|(before, _)| before == name) {
            return Err(Problem::term(name, "is given twice"));
        }
    }
    Query::try_from_uri(uri).map(|Query(terms)| terms).map_err(unreadable)
}

/// What is wrong with a query that nobody would read. What is asked of everybody, such as by probes, may have one all the same.
pub(super) fn stray(request: &Request) -> Option<Problem> {
    let first = request.uri().query()?.split('&').find(|term| !term.is_empty())?;
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let is_asked = matches!(access(request.method().as_str(), path), Some(Access::Needs(_)));
    let name = first.split('=').next().unwrap_or_default();
    (is_asked && !READING.contains(&path)).then(|| unknown(name, "not taken here"))
}

fn unknown(name: &str, what: &str) -> Problem {
    let rule = if plain(name).is_some() { "is" } else { "has a term that is" };
    Problem::term(plain(name).unwrap_or_default(), format!("{rule} {what}"))
}

/// The number or truth value that `text` is, where it fits.
///
/// # Errors
/// [`Problem::WrongTerm`] with the rule.
pub(super) fn value<N: std::str::FromStr>(
    name: &str,
    text: Option<&str>,
    rule: &str,
    fits: impl Fn(&N) -> bool,
) -> Result<Option<N>, Problem> {
    text.map(|text| text.parse().ok().filter(fits).ok_or_else(|| Problem::term(name, rule))).transpose()
}
