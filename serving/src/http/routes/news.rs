//! `POST /v1/alerts/{id}/..`: what became known of an alert's customer.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Shared};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{Input, Unmoved};
use sha2::{Digest, Sha256};

use super::alerts::{body, named};
use super::customers::about;
use crate::clock;
use crate::guard::Caller;
use crate::guard::key::hex;
use crate::http::app::App;
use crate::http::cell::Cell;
use crate::http::desk::Seat;
use crate::http::form::Form;
use crate::http::incoming::{self, Whole};
use crate::http::problem::Problem;
use crate::http::wire::{AlertEventsRequest, AlertTaken, ContactedRequest, ProblemBody};
use crate::store::{News, Once};

/// The members of the bodies, and of an event.
pub(in crate::http) const CONTACTED: &[&str] = &["at", "actor", "reason"];
pub(in crate::http) const EVENTS: &[&str] = &["events", "actor"];
pub(in crate::http) const EVENT: &[&str] = &["kind", "ts", "reason"];
/// What an event is, by its kind.
type Told = fn(Timestamp) -> Input;
const KINDS: [(&str, Told); 2] = [("purchase", Input::Purchase), ("contact", Input::Contact)];
/// Most events of one request.
const MAX_EVENTS: usize = 100;
/// Longest name of an actor.
const MAX_ACTOR: usize = 200;
/// Longest reason.
const MAX_REASON: usize = 1_000;
/// What is said when a customer was contacted who was to be left alone.
pub(super) const SPOILT: &str = "contact with a customer who is held out of the campaign spoils the proof of what the campaign does";
/// Who acts when the caller does not say.
const CALLER: &str = "caller";

/// Notes that the customer was contacted.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/contacted",
    tag = "alerts",
    summary = "Note that the customer was contacted",
    description = "Sent a second time it changes nothing; with the same `idempotency-key` it is answered as the first time.",
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
    let sent = Sent::read(&state, "contacted", id, request).await?;
    let (at, actor, reason) =
        Form::read(sent.body(), CONTACTED, |form| (form.instant("at"), form.text("actor", MAX_ACTOR), form.text("reason", MAX_REASON)))?;
    let token = sent.once.as_ref().map_or_else(|| "contacted".to_owned(), |once| format!("contacted:{}", once.key));
    let news = News { input: Input::Contact(at.unwrap_or_else(clock::now)), token, actor: sent.actor(actor), reason };
    sent.take(&state, vec![news]).await
}

/// Takes what became known of the customer.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/events",
    tag = "alerts",
    summary = "Tell what became known of the customer: purchases and contacts",
    description = "All of it is taken, or nothing. The same event, by kind and time, changes nothing a second time; the same `idempotency-key` is answered as the first time.",
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
    let sent = Sent::read(&state, "events", id, request).await?;
    let (told, actor) = Form::read(sent.body(), EVENTS, |form| {
        let told = form.list("events", MAX_EVENTS, EVENT, |event| {
            let kind = event.get("kind", "must be `purchase` or `contact`", |cell| {
                KINDS.iter().find(|(name, _)| matches!(cell, Cell::Text(text) if *text == *name))
            });
            let (kind, ts) = (event.needed("kind", kind), event.instant("ts"));
            let (ts, reason) = (event.needed("ts", ts), event.text("reason", MAX_REASON));
            Some((kind?, ts?, reason))
        });
        (told, form.text("actor", MAX_ACTOR))
    })?;
    let actor = sent.actor(actor);
    let news = told.into_iter().enumerate().map(|(at, ((name, input), ts, reason))| {
        let token = sent.once.as_ref().map_or_else(|| format!("{name}:{}", ts.0), |once| format!("events:{}:{at}", once.key));
        News { input: input(ts), token, actor: actor.clone(), reason }
    });
    // In the order in which it took place, whatever the order in which it is told.
    let mut news: Vec<_> = news.collect();
    news.sort_by_key(|news| news.input.at());
    sent.take(&state, news).await
}

/// What every request that changes an alert has.
struct Sent {
    alert_id: String,
    caller: Option<String>,
    /// The key against doing it twice.
    once: Option<Once>,
    /// The body; `None` where there is none.
    bytes: Option<Whole>,
}

impl Sent {
    async fn read(state: &App, what: &str, id: Result<Path<String>, PathRejection>, request: Request) -> Result<Self, Problem> {
        let (head, bytes) = incoming::sent(state, request).await?;
        let caller = head.extensions.get::<Caller>().map(|caller| caller.id.clone());
        let digest = || hex(&Sha256::digest([what.as_bytes(), b"\0", bytes.as_deref().unwrap_or_default()].concat()));
        let once = idempotency_key(&head.headers)?.map(|key| Once { key, digest: digest() });
        Ok(Self { alert_id: named(id)?, caller, once, bytes })
    }

    /// The body; no body is one without members.
    fn body(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(b"{}")
    }

    /// Who acts: whose key it was stands beside what the caller says of it.
    fn actor(&self, said: Option<String>) -> String {
        match (said, &self.caller) {
            (Some(said), Some(caller)) => format!("{said} ({caller})"),
            (Some(said), None) => said,
            (None, caller) => caller.clone().unwrap_or_else(|| CALLER.to_owned()),
        }
    }

    async fn take(self, state: &App, news: Vec<News>) -> Result<Response, Problem> {
        let Self { alert_id, once, .. } = self;
        let is_contact = news.iter().any(|news| matches!(news.input, Input::Contact(_)));
        let work = move |desk: &Seat<'_>, now| desk.store.take_once(&alert_id, &news, once.as_ref(), now, desk.alerts);
        let taken = state.desk()?.change(state, work).await?;
        let by = about(state, [&*taken.alert.customer_id]);
        let warning = (is_contact && taken.alert.held_out == Some(true)).then_some(SPOILT);
        let reason = (!taken.changed).then(|| taken.unmoved.unwrap_or(Unmoved::AlreadyTold).into());
        let told = AlertTaken { alert: body(state, taken.alert), changed: taken.changed, reason, warning };
        Ok((Extension(by), Json(told)).into_response())
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Problem::field("/idempotency-key", "must be 1 to 200 printable characters, in the header"))
}
