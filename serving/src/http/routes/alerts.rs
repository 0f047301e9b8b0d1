//! `/v1/alerts`: who is to be contacted before when, and what became of it.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_features::{Calendar, Timestamp};
use lapwing_models::lifecycle::AlertState;
use serde::Deserialize;
use utoipa::IntoParams;

use super::customers::{MAX_ID, about, held_out, limit};
use crate::http::app::App;
use crate::http::form::{ID, is_id};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::http::wire::{AlertBody, AlertDetail, AlertLogEntry, AlertsResponse, ProblemBody};
use crate::http::{csv, cursor, query};
use crate::store::{Alert, AlertFilter};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;
/// Most alerts of a page.
const MAX_LIMIT: usize = 1_000;

/// Which alerts are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// `open`, `contacted`, `recovered`, `lost` or `expired`.
    state: Option<String>,
    /// Those that are due before this: RFC 3339, or a date in UTC.
    due_before: Option<String>,
    /// Those of this customer.
    customer_id: Option<String>,
    /// `true` for those whose customer is left without its campaign, `false` for all others.
    #[param(value_type = Option<bool>)]
    held_out: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Alerts of a page, 1 to 1000; 100 when not given.
    limit: Option<String>,
}

/// Tells of a page of alerts.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    summary = "The alerts, the first due first, and among those the most at stake, as JSON or, by `accept: text/csv`, as CSV",
    description = "CSV bears the next cursor in the header `lapwing-next-cursor`, and holds no text that a spreadsheet would take for a formula.",
    params(Terms),
    responses(
        (status = 200, description = "A page", content((AlertsResponse = "application/json"), (String = "text/csv"))),
        (status = 404, description = "The service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A term of the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(Shared(state): Shared<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let desk = state.desk()?;
    let filter = filter(query::read(&uri)?)?;
    let page = desk.work(&state, move |desk, now| desk.store.alerts(&filter, now, desk.alerts)).await?;
    let last = page.alerts.last().filter(|_| page.more);
    let next_cursor = last.and_then(|last| cursor::write(&(last.due_at.0, last.at_stake, &last.alert_id)));
    let by = about(&state, page.alerts.iter().map(|alert| &*alert.customer_id));
    let alerts: Vec<AlertBody> = page.alerts.into_iter().map(|alert| body(&state, alert)).collect();
    if csv::is_wanted(&headers) {
        return Ok((Extension(by), csv::answer(csv::alerts(&alerts), next_cursor)).into_response());
    }
    Ok((Extension(by), Json(AlertsResponse { alerts, next_cursor })).into_response())
}

/// Tells of an alert.
#[utoipa::path(
    get,
    path = "/v1/alerts/{id}",
    summary = "An alert, and everything that happened to it",
    params(("id" = String, Path, description = "The alert")),
    responses(
        (status = 200, description = "The alert", body = AlertDetail),
        (status = 404, description = "There is no such alert, or the service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(Shared(state): Shared<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let desk = state.desk()?;
    let id = named(id)?;
    let (alert, log) = desk.work(&state, move |desk, now| desk.store.alert(&id, now, desk.alerts)).await?.ok_or(Problem::NoAlert)?;
    let by = about(&state, [&*alert.customer_id]);
    let log = log.into_iter().map(|entry| AlertLogEntry {
        at: entry.at.to_string(),
        recorded_at: entry.recorded_at.to_string(),
        deed: entry.deed,
        actor: entry.actor,
        reason: entry.reason,
    });
    Ok((Extension(by), Json(AlertDetail { alert: body(&state, alert), log: log.collect() })).into_response())
}

pub(super) fn named(id: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    id.ok().map(|Path(id)| id).filter(|id| id.len() <= MAX_ID && !id.contains('\0')).ok_or(Problem::NoAlert)
}

fn filter(terms: Terms) -> Result<AlertFilter, Problem> {
    let state = terms.state.map(|name| {
        let known = || AlertState::ALL.iter().map(|state| state.name()).collect::<Vec<_>>().join("`, `");
        let found = AlertState::ALL.iter().copied().find(|state| state.name() == name);
        found.ok_or_else(|| Problem::term("state", format!("must be one of `{}`", known())))
    });
    let due_before = terms.due_before.map(|text| {
        let at = Calendar::utc().parse(&text).ok().filter(|at| at.is_plausible());
        at.ok_or_else(|| Problem::term("due_before", "must be RFC 3339 or a date, between 1900 and 2200"))
    });
    let after = terms.cursor.as_deref().map(cursor::read::<(i64, f64, String)>).transpose()?;
    let customer_id = terms.customer_id;
    if customer_id.as_ref().is_some_and(|id| !is_id(id)) {
        return Err(Problem::term("customer_id", format!("must be {ID}")));
    }
    if after.as_ref().is_some_and(|(_, stake, id)| !stake.is_finite() || id.contains('\0')) {
        return Err(Problem::term("cursor", "must be a `next_cursor` of the page before"));
    }
    Ok(AlertFilter {
        state: state.transpose()?,
        due_before: due_before.transpose()?,
        customer_id,
        held_out: held_out(terms.held_out.as_deref())?,
        after: after.map(|(due, stake, id)| (Timestamp(due), stake, id)),
        limit: limit(terms.limit.as_deref(), MAX_LIMIT)?,
    })
}

/// An alert, with what the playbook says of its action.
pub(super) fn body(state: &State, alert: Alert) -> AlertBody {
    let (opened, due) = (alert.opened_at, alert.due_at);
    let mut body = AlertBody::from(alert);
    if let Some(action) = &mut body.action {
        let advice = state.advice();
        let advised = advice.playbook.actions().iter().find(|advised| advised.code == action.code);
        action.text = advised.map(|advised| advised.text.clone());
        action.channel = advised.map(|advised| advised.channel.clone());
        action.within_hours = advised.map(|advised| advised.within_hours);
        body.act_by = action.within_hours.map(|hours| act_by(opened, due, hours).to_string());
    }
    body
}

/// Until when an action is to be done that is to be done within so many hours.
fn act_by(opened: Timestamp, due: Timestamp, within_hours: u32) -> Timestamp {
    Timestamp(opened.0.saturating_add(i64::from(within_hours).saturating_mul(HOUR))).min(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_to_be_done_before_the_alert_runs_out() {
        let (opened, due) = (Timestamp(HOUR), Timestamp(73 * HOUR));
        for (within_hours, expected) in [(1, 2), (24, 25), (72, 73), (96, 73), (u32::MAX, 73)] {
            assert_eq!(act_by(opened, due, within_hours), Timestamp(expected * HOUR), "{within_hours}");
        }
    }
}
