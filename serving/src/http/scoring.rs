//! From the bytes of a body to the scores of its customers.
//!
//! Most bodies go the [short way](super::swift). This is the careful one, which says of a body, and of each customer in it, what
//! is wrong.

use lapwing_features::Timestamp;
use serde_json::value::RawValue;

use super::admission::Watch;
use super::body::{self, CheckedRequest};
use super::customer;
use super::kept::Kept;
use super::lineup::Lineup;
use super::panel::Panel;
use super::problem::Problem;
use super::sheet::Sheet;
use super::state::Notes;
use super::swift;
use super::wire::{EntryError, RefusedEntry};

/// The customers of a body who are given by their ids alone.
pub(super) fn ids_alone(request: &CheckedRequest<'_>) -> Vec<String> {
    request.customers.iter().filter_map(|json| customer::id_alone(json)).collect()
}

/// The scores of the customers of a body, the careful way.
///
/// # Errors
/// [`Problem::WrongShape`] when the cutoff is none, [`Problem::Deadline`] when it takes too long.
pub(super) fn carefully<'a>(
    lineup: &'a Lineup,
    notes: Notes<'a>,
    request: &CheckedRequest<'_>,
    kept: &Kept,
    watch: &Watch,
) -> Result<Sheet<'a>, Problem> {
    let as_of = instant(lineup, &request.as_of);
    let as_of = as_of.ok_or_else(|| Problem::field("/as_of", "must be RFC 3339 or a date, between 1900 and 2200"))?;
    let (mut panel, mut sheet) = (Panel::new(lineup, as_of), Sheet::new(lineup, notes, as_of, request.explain));
    for (place, json) in request.customers.iter().enumerate() {
        watch.check()?;
        one(&mut panel, &mut sheet, Some(place), json, kept)?;
    }
    panel.put_back();
    Ok(sheet)
}

/// Scores the customer at `place`, or says why it is not scored.
///
/// # Errors
/// [`Problem::Fault`] alone: what is wrong with a customer stands in its entry.
fn one<'a>(panel: &mut Panel<'a>, sheet: &mut Sheet<'a>, place: Option<usize>, json: &RawValue, kept: &Kept) -> Result<(), Problem> {
    let customer = match customer::read(place, json) {
        Ok(customer) => customer,
        Err(refused) => return sheet.refuse(&refused),
    };
    let seat = panel.seat(&customer.id);
    match seat.reader.read(place, &customer, kept) {
        Ok(reading) => sheet.score(&customer.id, seat, &reading),
        Err(error) => sheet.refuse(&RefusedEntry { customer_id: Some(customer.id.into_owned()), error }),
    }
}

/// Scores the customer of a line, or says why it is not scored.
///
/// # Errors
/// [`Problem::Fault`] alone: what is wrong with a line stands in its entry.
pub(super) fn line<'a>(panel: &mut Panel<'a>, sheet: &mut Sheet<'a>, line: &[u8], number: u64) -> Result<(), Problem> {
    if swift::line(panel, sheet, line).is_some() {
        return Ok(());
    }
    let (code, rule) = match body::json(line) {
        Ok(json) => return one(panel, sheet, None, json, &Kept::NotHere),
        Err(problem @ Problem::TooDeep) => (problem.code(), problem.detail()),
        Err(problem) => (problem.code(), "it must be one JSON object in UTF-8".to_owned()),
    };
    let detail = format!("line {number}: {rule}");
    sheet.refuse(&RefusedEntry { customer_id: None, error: EntryError { code, detail, pointer: String::new() } })
}

/// The cutoff of a request; `None` when it is no instant, or one that nobody means.
pub(super) fn instant(lineup: &Lineup, as_of: &str) -> Option<Timestamp> {
    lineup.champion.calendar.parse(as_of).ok().filter(|at| at.is_plausible())
}
