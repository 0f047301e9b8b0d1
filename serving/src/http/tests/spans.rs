//! Requests as spans: what a collector is told, and what it is not.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use axum::routing::post;
use serde_json::json;

use super::{Answer, ask, fixture, get, send};
use crate::http::{Address, Limits, Served, Setup, Spans, State};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What collectors were sent: content type and body.
type Sent = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A collector on a free port, with a runtime of its own.
fn collector() -> (Address, Sent) {
    let sent = Sent::default();
    let kept = Arc::clone(&sent);
    let take = move |headers: HeaderMap, body: Bytes| async move {
        kept.lock().unwrap().push((headers["content-type"].to_str().unwrap().to_owned(), body.to_vec()));
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://127.0.0.1:{}/v1/traces", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, axum::Router::new().route("/v1/traces", post(take))).await.unwrap();
        });
    });
    (Address::anywhere(&url).unwrap(), sent)
}

fn state(address: Address) -> Arc<State> {
    let setup = Setup { spans: Some(Spans::to(address).unwrap()), ..Setup::default() };
    State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup)
}

async fn score(state: &Arc<State>, flags: &str) -> Answer {
    let customer = json!({"customer_id": "secret-customer", "events": [{"ts": "2023-11-01", "kind": "purchase", "amount": 12.25}]});
    let request = Request::post("/v1/score")
        .header("content-type", "application/json")
        .header("x-request-id", "secret-request")
        .header("authorization", "Bearer secret-key")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"));
    send(state, request.body(Body::from(ask(&[customer]).to_string())).unwrap()).await
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|found| found == part)
}

#[tokio::test]
async fn a_collector_is_told_of_requests_and_of_nobody() {
    let (address, sent) = collector();
    let state = state(address);
    let answer = score(&state, "01").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = answer.header("traceresponse").to_owned();
    let parts: Vec<&str> = told.split('-').collect();
    assert!(parts.len() == 4 && parts[1] == TRACE && parts[2] != PARENT && parts[3] == "01", "{told}");
    assert_eq!(get(&state, "/v1/models/none").await.status, 404);
    assert_eq!(get(&state, "/v1/models?explain=secret").await.status, 422);
    assert_eq!(get(&state, "/health/live").await.status, 200);
    let ending = Arc::clone(&state);
    tokio::task::spawn_blocking(move || ending.flush()).await.unwrap();

    let sent = sent.lock().unwrap();
    assert!(!sent.is_empty() && sent.iter().all(|(kind, _)| kind == "application/x-protobuf"), "{sent:?}");
    let body: Vec<u8> = sent.iter().flat_map(|(_, body)| body.clone()).collect();
    for id in [TRACE, PARENT, parts[2]] {
        assert!(has(&body, &bytes(id)), "{id}");
    }
    for word in ["POST /v1/score", "GET /v1/models/{version}", "no_model", "lapwing-serve", &state.version()] {
        assert!(has(&body, word.as_bytes()), "{word}");
    }
    for word in ["secret", "/health/live", "12.25"] {
        assert!(!has(&body, word.as_bytes()), "{word}");
    }
}

#[tokio::test]
async fn a_trace_that_is_not_recorded_is_not_sent_and_a_collector_that_is_away_holds_nobody_up() {
    let (address, sent) = collector();
    let recorded = state(address);
    assert!(score(&recorded, "00").await.header("traceresponse").ends_with("-00"));
    tokio::task::spawn_blocking(move || recorded.flush()).await.unwrap();
    assert!(sent.lock().unwrap().is_empty());

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = Address::anywhere(&format!("http://127.0.0.1:{}/v1/traces", taken.local_addr().unwrap().port())).unwrap();
    drop(taken);
    let state = state(away);
    assert_eq!(score(&state, "01").await.status, 200);
    tokio::task::spawn_blocking(move || state.flush()).await.unwrap();
}
