//! The service as its callers meet it, without a network.

mod actions;
mod ahead;
#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "arrow")]
mod arrow_bounds;
mod audit;
mod bodies;
mod browsers;
mod campaigns;
mod clients;
mod customers;
mod described;
mod desk;
mod drift;
mod envelope;
mod fuzz;
mod gate;
mod issuer;
mod kept;
mod models;
mod news;
mod operations;
mod reload;
#[cfg(feature = "batch")]
mod replay;
mod samples;
mod scores;
mod serving;
#[cfg(feature = "otlp")]
mod spans;
mod stream;
mod swift;
mod tables;
mod tls;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Limits, State, app};
use crate::fixture;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    #[cfg(feature = "arrow")]
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) fn state() -> Arc<State> {
    State::new(fixture::bundle(), Limits::default()).unwrap()
}

pub(super) async fn send(state: &Arc<State>, request: Request<Body>) -> Answer {
    let response = app(Arc::clone(state)).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        #[cfg(feature = "arrow")]
        bytes: bytes.to_vec(),
    }
}

pub(super) async fn get(state: &Arc<State>, path: &str) -> Answer {
    send(state, Request::get(path).body(Body::empty()).unwrap()).await
}

pub(super) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/v1/score").header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()
}

pub(super) async fn score(state: &Arc<State>, body: &Value) -> Answer {
    send(state, post(body.to_string())).await
}

/// A request for `customers` as of the fixture's cutoff.
pub(super) fn ask(customers: &[Value]) -> Value {
    json!({"as_of": fixture::AS_OF, "customers": customers})
}

/// The events of a fixture customer.
pub(super) fn events_of(customer: usize) -> Vec<Value> {
    let rows = fixture::rows();
    let rows = rows.iter().filter(|row| row.customer == customer);
    rows.map(|row| json!({"ts": row.ts, "kind": "purchase", "amount": row.amount, "channel": row.channel})).collect()
}

/// A customer that is like many.
pub(super) fn good() -> Value {
    json!({"customer_id": "good", "events": [{"ts": "2023-11-01T10:00:00Z", "kind": "purchase", "amount": 20.5}]})
}
