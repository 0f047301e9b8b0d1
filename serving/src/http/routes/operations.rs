//! Health, metrics and the interface's own description: never held up by scoring.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::IntoResponse;

use crate::http::app::App;
use crate::http::docs;
use crate::http::gate::Gate;
use crate::http::metrics::CONTENT_TYPE;
use crate::http::openapi;
use crate::http::problem::Problem;
use crate::http::wire::{Health, ProblemBody};

/// The process answers.
#[utoipa::path(
    get,
    path = "/health/live",
    summary = "Whether the process answers at all",
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "live", refused_reload: None, stale_issuer_keys: false })
}

/// The service takes requests.
#[utoipa::path(
    get,
    path = "/health/ready",
    summary = "Whether requests should be sent here",
    responses(
        (status = 200, description = "Yes; says so too when a reload was refused and older models serve on", body = Health),
        (status = 503, description = "No longer: the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(Shared(state): Shared<App>) -> Result<Json<Health>, Problem> {
    state.check_running()?;
    let stale_issuer_keys = state.gate().is_some_and(Gate::is_stale);
    Ok(Json(Health { status: "ready", refused_reload: state.refused_reload(), stale_issuer_keys }))
}

/// The counters.
#[utoipa::path(
    get,
    path = "/metrics",
    summary = "Counters in the text format of OpenMetrics, which Prometheus reads",
    responses((status = 200, description = "The counters", body = String, content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(Shared(state): Shared<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], state.metrics_text())
}

/// The interface's description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    summary = "This document",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(crate) async fn openapi() -> impl IntoResponse {
    Json(openapi::document())
}

/// The interface's description for people.
#[utoipa::path(
    get,
    path = "/docs",
    summary = "This document as a page for people, which needs no network and no scripts",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn docs() -> impl IntoResponse {
    let page = docs::page();
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, &*page.policy)], &*page.html)
}
