//! Browsers that ask from another origin's page: let in from the origins that were named, and from no other.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::gate;
use super::state::State;

/// What a page may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// And with which heads.
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, traceparent, x-api-key, x-request-id");

/// Answers what a browser asks before it asks, and says on other answers, which are those of the gate, which page may read them.
pub(super) async fn wrap(state: &State, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return gate::check(state, request, next).await };
    if !origin.to_str().is_ok_and(|origin| state.lets_in(origin)) {
        return gate::check(state, request, next).await;
    }
    let asks_before = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks_before { may_ask() } else { gate::check(state, request, next).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

fn may_ask() -> Response {
    let headers = HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ]);
    (StatusCode::NO_CONTENT, headers).into_response()
}
