//! `/v1/alerts`: who is to be contacted before when, and what became of it.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_features::{Calendar, Timestamp};
use lapwing_models::lifecycle::{AlertState, Input};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::customers::{MAX_ID, about, limit};
use crate::clock;
use crate::guard::Caller;
use crate::guard::key::hex;
use crate::http::app::App;
use crate::http::cursor;
use crate::http::desk::Seat;
use crate::http::incoming::{self, Whole};
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::http::wire::{
    AlertBody, AlertDetail, AlertEventKind, AlertEventsRequest, AlertLogEntry, AlertTaken, AlertsResponse, ContactedRequest, ProblemBody,
};
use crate::store::{Alert, AlertFilter, News, Once};

/// Most alerts of a page.
const MAX_LIMIT: usize = 1_000;
/// Most events of one request.
const MAX_EVENTS: usize = 100;
/// Longest name of an actor, and longest reason.
const MAX_TEXT: [usize; 2] = [200, 1_000];
/// How far a caller's clock may be ahead, in microseconds.
const AHEAD: i64 = 60_000_000;
/// Who acts when the caller does not say.
const CALLER: &str = "caller";

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
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Alerts of a page, 1 to 1000; 100 when not given.
    limit: Option<String>,
}

/// Tells of a page of alerts.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    summary = "The alerts, the first due first, and among those the most at stake",
    params(Terms),
    responses(
        (status = 200, description = "A page", body = AlertsResponse),
        (status = 404, description = "The service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A term of the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(Shared(state): Shared<App>, terms: Result<Query<Terms>, QueryRejection>) -> Result<Response, Problem> {
    let desk = state.desk()?;
    let Query(terms) = terms.map_err(|_| Problem::term("", "must have the members of `/openapi.json` alone, each once and of its type"))?;
    let filter = filter(terms)?;
    let page = desk.work(&state, move |desk, now| desk.store.alerts(&filter, now, desk.alerts)).await?;
    let last = page.alerts.last().filter(|_| page.more);
    let next_cursor = last.and_then(|last| cursor::write(&(last.due_at.0, last.at_stake, &last.alert_id)));
    let by = about(&state, page.alerts.iter().map(|alert| &*alert.customer_id));
    Ok((Extension(by), Json(AlertsResponse { alerts: page.alerts.into_iter().map(|alert| body(&state, alert)).collect(), next_cursor }))
        .into_response())
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

/// Notes that the customer was contacted.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/contacted",
    summary = "Note that the customer was contacted",
    description = "Sent a second time, or with the same `idempotency-key`, it changes nothing and is answered alike.",
    params(
        ("id" = String, Path, description = "The alert"),
        ("idempotency-key" = Option<String>, Header, description = "1 to 200 printable characters, for this alert; with the same body it is the same contact, with another it is refused"),
    ),
    request_body(content = ContactedRequest, description = "May be left out"),
    responses(
        (status = 200, description = "The alert as it stands now", body = AlertTaken),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such alert, or the service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The alert is not open any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape, or the key was sent with another one before", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be written; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn contacted(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (id, caller, once, asked) = begin::<ContactedRequest>(&state, "contacted", id, request).await?;
    let asked = asked.unwrap_or_default();
    let at = asked.at.as_deref().map_or(Ok(clock::now()), |at| instant("/at", at))?;
    let token = once.as_ref().map_or_else(|| "contacted".to_owned(), |once| format!("contacted:{}", once.key));
    let news = News { input: Input::Contact(at), token, actor: actor(asked.actor, caller)?, reason: reason("/reason", asked.reason)? };
    take(&state, id, vec![news], once).await
}

/// Takes what became known of the customer.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/events",
    summary = "Tell what became known of the customer: purchases and contacts",
    description = "All of it is taken, or nothing. The same event, by kind and time, or the same `idempotency-key`, a second time changes nothing.",
    params(
        ("id" = String, Path, description = "The alert"),
        ("idempotency-key" = Option<String>, Header, description = "1 to 200 printable characters, for this alert; with the same body it is the same news, with another it is refused"),
    ),
    request_body = AlertEventsRequest,
    responses(
        (status = 200, description = "The alert as it stands now", body = AlertTaken),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such alert, or the service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A contact comes too late: the alert is not open any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape, or the key was sent with another one before", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be written; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (id, caller, once, asked) = begin::<AlertEventsRequest>(&state, "events", id, request).await?;
    let asked = asked.ok_or_else(|| Problem::field("", "must be an object with `events`"))?;
    if !(1..=MAX_EVENTS).contains(&asked.events.len()) {
        return Err(Problem::field("/events", format!("must be an array of 1 to {MAX_EVENTS} events")));
    }
    let actor = actor(asked.actor, caller)?;
    let mut news = Vec::with_capacity(asked.events.len());
    for (at, event) in asked.events.into_iter().enumerate() {
        let ts = instant(&format!("/events/{at}/ts"), &event.ts)?;
        let (input, kind) = match event.kind {
            AlertEventKind::Purchase => (Input::Purchase(ts), "purchase"),
            AlertEventKind::Contact => (Input::Contact(ts), "contact"),
        };
        let token = once.as_ref().map_or_else(|| format!("{kind}:{}", ts.0), |once| format!("events:{}:{at}", once.key));
        news.push(News { input, token, actor: actor.clone(), reason: reason(&format!("/events/{at}/reason"), event.reason)? });
    }
    // In the order in which it took place, whatever the order in which it is told.
    news.sort_by_key(|news| match news.input {
        Input::Contact(at) | Input::Purchase(at) => at,
        Input::Scoring { .. } => Timestamp(0),
    });
    take(&state, id, news, once).await
}

/// What every request that changes an alert has: its id, the caller, the key against doing it twice, and the body, if there is one.
async fn begin<T: DeserializeOwned>(
    state: &App,
    what: &str,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<(String, Option<String>, Option<Once>, Option<T>), Problem> {
    let Sent { head, bytes, asked } = sent(state, request).await?;
    let caller = head.extensions.get::<Caller>().map(|caller| caller.id.clone());
    let digest = || hex(&Sha256::digest([what.as_bytes(), b"\0", &bytes].concat()));
    let once = idempotency_key(&head.headers)?.map(|key| Once { key, digest: digest() });
    Ok((named(id)?, caller, once, asked))
}

/// A request that changes the store.
pub(super) struct Sent<T> {
    head: Parts,
    bytes: Whole,
    /// The body; `None` where there is none.
    pub(super) asked: Option<T>,
}

/// A request that changes the store, read and checked.
pub(super) async fn sent<T: DeserializeOwned>(state: &App, request: Request) -> Result<Sent<T>, Problem> {
    let (head, sent) = request.into_parts();
    let empty = head.headers.get(header::CONTENT_TYPE).is_none() && axum::body::HttpBody::is_end_stream(&sent);
    let checked = state.desk().map(drop).and_then(|()| state.check_running());
    let checked = checked.and_then(|()| if empty { Ok(()) } else { incoming::check(&head.headers, &["application/json"]) });
    if let Err(problem) = checked {
        incoming::drain(state.limits(), sent).await;
        return Err(problem);
    }
    let bytes = incoming::read(state, &head.headers, sent).await?;
    let asked = if empty { None } else { Some(read(&bytes)?) };
    Ok(Sent { head, bytes, asked })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let json: Value = serde_json::from_slice(bytes).map_err(|error| Problem::NotJson { line: error.line(), column: error.column() })?;
    // An array of its values would be taken for an object too. What serde says of it would repeat what the caller sent.
    let asked = Some(json).filter(Value::is_object).and_then(|json| serde_json::from_value(json).ok());
    asked.ok_or_else(|| {
        Problem::field("", "must be an object with the members that `/openapi.json` describes, of the types that it says, and no others")
    })
}

async fn take(state: &App, id: String, news: Vec<News>, once: Option<Once>) -> Result<Response, Problem> {
    let work = move |desk: &Seat<'_>, now| desk.store.take_once(&id, &news, once.as_ref(), now, desk.alerts);
    let taken = state.desk()?.change(state, work).await?;
    let by = about(state, [&*taken.alert.customer_id]);
    Ok((Extension(by), Json(AlertTaken { alert: body(state, taken.alert), changed: taken.changed })).into_response())
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    id.ok().map(|Path(id)| id).filter(|id| id.len() <= MAX_ID && !id.contains('\0')).ok_or(Problem::NoAlert)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Problem::field("/idempotency-key", "must be 1 to 200 printable characters, in the header"))
}

fn actor(said: Option<String>, caller: Option<String>) -> Result<String, Problem> {
    let said = text("/actor", said, MAX_TEXT[0])?;
    // Whose key it was stands beside what the caller says of it.
    Ok(match (said, caller) {
        (Some(said), Some(caller)) => format!("{said} ({caller})"),
        (Some(said), None) => said,
        (None, caller) => caller.unwrap_or_else(|| CALLER.to_owned()),
    })
}

fn reason(pointer: &str, said: Option<String>) -> Result<Option<String>, Problem> {
    text(pointer, said, MAX_TEXT[1])
}

fn text(pointer: &str, said: Option<String>, most: usize) -> Result<Option<String>, Problem> {
    match said {
        Some(said) if said.chars().count() > most || said.contains('\0') => {
            Err(Problem::field(pointer, format!("must be a text of at most {most} characters")))
        }
        said => Ok(said.filter(|said| !said.trim().is_empty())),
    }
}

/// An instant that is not to come.
pub(super) fn instant(pointer: &str, text: &str) -> Result<Timestamp, Problem> {
    let at = Calendar::utc().parse(text).ok().filter(|at| at.is_plausible());
    let at = at.ok_or_else(|| Problem::field(pointer, "must be RFC 3339, between 1900 and 2200"))?;
    if at.0 > clock::now().0 + AHEAD {
        return Err(Problem::field(pointer, "must not be in the future"));
    }
    Ok(at)
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
    if customer_id.as_ref().is_some_and(|id| id.len() > MAX_ID || id.contains('\0')) {
        return Err(Problem::term("customer_id", "must be the id of a customer"));
    }
    if after.as_ref().is_some_and(|(_, stake, id)| !stake.is_finite() || id.contains('\0')) {
        return Err(Problem::term("cursor", "must be a `next_cursor` of the page before"));
    }
    Ok(AlertFilter {
        state: state.transpose()?,
        due_before: due_before.transpose()?,
        customer_id,
        after: after.map(|(due, stake, id)| (Timestamp(due), stake, id)),
        limit: limit(terms.limit.as_deref(), MAX_LIMIT)?,
    })
}

/// An alert, with what the playbook says of its action.
fn body(state: &State, alert: Alert) -> AlertBody {
    let mut body = AlertBody::from(alert);
    if let Some(action) = &mut body.action {
        let advice = state.advice();
        let advised = advice.playbook.actions().iter().find(|advised| advised.code == action.code);
        action.text = advised.map(|advised| advised.text.clone());
        action.channel = advised.map(|advised| advised.channel.clone());
        action.within_hours = advised.map(|advised| advised.within_hours);
    }
    body
}
