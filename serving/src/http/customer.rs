//! From the JSON of one customer to its parts, or to that customer's error.

use std::borrow::Cow;

use lapwing_features::Population;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::cell::{Cell, Named};
use super::members::{Listed, Members};
use super::place::{MAX_TEXT, Place};
use super::wire::{EntryError, MAX_EVENTS, RefusedEntry};

/// The members of a customer.
pub(super) const MEMBERS: &[&str] = &["customer_id", "events", "features", "population", "attributes"];

/// A customer whose parts have the right types.
#[derive(Debug)]
pub(super) struct Customer<'a> {
    /// Not blank.
    pub(super) id: Cow<'a, str>,
    /// By what to score it.
    pub(super) by: By<'a>,
    /// Columns of the customers table.
    pub(super) attributes: Named<'a>,
}

/// By what a customer is scored.
#[derive(Debug)]
pub(super) enum By<'a> {
    /// By what it did; at most [`MAX_EVENTS`] are kept.
    Events(Listed<'a, MAX_EVENTS>),
    /// By its features, and by the population if that was given.
    Features(Named<'a>, Option<Population>),
    /// By nothing but its id: by what a store keeps of it.
    Kept,
}

/// Reads the customer that stands at `place` in the request.
///
/// # Errors
/// The first member that breaks a rule; with the id, if that can be read.
pub(super) fn read(place: Option<usize>, json: &RawValue) -> Result<Customer<'_>, RefusedEntry> {
    let at = Place::of_customer(place);
    let members = Members::read(json, MEMBERS).map_err(|error| {
        let rule = if error.is_data() { "must be an object" } else { "must have names that are text" };
        RefusedEntry { customer_id: None, error: at.error("wrong_type", "", rule) }
    })?;
    let id = members.get::<Cell>("customer_id").ok().flatten();
    let id = id.as_ref().and_then(Cell::name).map(Cow::into_owned);
    parts(&at, &members, id.as_deref()).map_err(|error| RefusedEntry { customer_id: id, error })
}

/// The id of a customer that is given by nothing else, and about which nothing is wrong so far; no event is looked at.
pub(super) fn id_alone(json: &RawValue) -> Option<String> {
    let members = Members::read(json, MEMBERS).ok().filter(|members| members.faults.is_empty())?;
    let is_given = ["events", "features", "population"].iter().any(|name| !matches!(members.get::<IgnoredAny>(name), Ok(None)));
    let id = members.get::<Cell>("customer_id").ok().flatten().filter(|_| !is_given)?;
    id.name().filter(|id| !id.trim().is_empty() && id.len() <= MAX_TEXT).map(Cow::into_owned)
}

fn parts<'a>(at: &Place, members: &Members<'a>, id: Option<&str>) -> Result<Customer<'a>, EntryError> {
    if let Some(fault) = members.faults.first() {
        return Err(at.error(fault.code(), &fault.pointer(), &fault.rule()));
    }
    let id = match id {
        Some(id) if id.trim().is_empty() => return Err(at.error("empty_id", "/customer_id", "must not be empty")),
        Some(id) if id.len() > MAX_TEXT => return Err(at.too_long("/customer_id")),
        Some(id) => Cow::Owned(id.to_owned()),
        None if matches!(members.get("customer_id"), Ok(None::<Cell>)) => {
            return Err(at.error("missing_id", "/customer_id", "must be given, as text or as a whole number"));
        }
        None => return Err(at.error("wrong_type", "/customer_id", "must be text or a whole number")),
    };
    let events = part(at, members, "events", "must be an array of events")?;
    let features = part(at, members, "features", "must be an object of feature name to number or null")?;
    let attributes = part(at, members, "attributes", "must be an object of attribute name to value")?;
    let population = population(at, members)?;
    let by = match (events, features) {
        (Some(_), Some(_)) => return Err(at.error("both_given", "", "must have either `events` or `features`, not both")),
        (_, None) if population.is_some() => {
            return Err(at.error("population_without_features", "/population", "goes with `features` only"));
        }
        (Some(events), None) => By::Events(events),
        (None, None) => By::Kept,
        (None, Some(features)) => By::Features(features, population),
    };
    Ok(Customer { id, by, attributes: attributes.unwrap_or_default() })
}

fn part<'a, T: Deserialize<'a>>(at: &Place, members: &Members<'a>, name: &str, rule: &str) -> Result<Option<T>, EntryError> {
    members.get(name).map_err(|_| at.error("wrong_type", &format!("/{name}"), rule))
}

fn population(at: &Place, members: &Members<'_>) -> Result<Option<Population>, EntryError> {
    const RULE: &str = "must be `current`, `lapsed` or `prospect`";
    let Some(name) = part::<String>(at, members, "population", RULE)? else { return Ok(None) };
    population_of(&name).map(Some).ok_or_else(|| at.error("unknown_population", "/population", RULE))
}

/// The population of this name.
pub(super) fn population_of(name: &str) -> Option<Population> {
    [Population::Current, Population::Lapsed, Population::Prospect].into_iter().find(|population| population.name() == name)
}
