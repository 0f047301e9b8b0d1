//! What browsers are told: nothing is cached, framed or guessed, and no page of another origin reads an answer unless it was named.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;

use super::{Answer, fixture, get, send, state};
use crate::http::{Limits, Served, Setup, State};

#[tokio::test]
async fn every_answer_bears_the_headers_that_keep_browsers_out() {
    let state = state();
    for path in ["/health/live", "/v1/models", "/nowhere", "/metrics"] {
        let answer = get(&state, path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}

async fn from_page(state: &Arc<State>, method: &str, origin: &str) -> Answer {
    let mut request = Request::builder().method(method).uri("/v1/models").header("origin", origin);
    if method == "OPTIONS" {
        request = request.header("access-control-request-method", "GET");
    }
    send(state, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn pages_of_named_origins_may_ask_and_no_others() {
    let setup = Setup { origins: vec!["https://example.com".to_owned()], ..Setup::default() };
    let open = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
    let answer = from_page(&open, "GET", "https://example.com").await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "https://example.com"));
    assert_eq!(answer.header("vary"), "origin");
    let answer = from_page(&open, "OPTIONS", "https://example.com").await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-methods")), (204, "GET, POST"));
    assert!(answer.header("access-control-allow-headers").contains("x-api-key"));
    assert_eq!(answer.header("access-control-allow-credentials"), "", "keys are sent on purpose, cookies are not known");
    for (state, origin) in [(&open, "https://example.com.evil.example"), (&open, "null"), (&super::state(), "https://example.com")] {
        let answer = from_page(state, "GET", origin).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, ""), "{origin}");
        let answer = from_page(state, "OPTIONS", origin).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (405, ""), "{origin}");
    }
}
