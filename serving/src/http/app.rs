//! The application as a function: state in, router out. Listener and shutdown are somebody else's.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::envelope;
use super::incoming;
use super::routes::{alerts, campaigns, customers, invocations, models, news, operations, score, stream, v2};
use super::state::State;

/// The state as handlers share it.
pub type App = Arc<State>;

/// Health and counters alone, for a listener of their own.
pub fn health_app(state: App) -> Router {
    enveloped(health(), state)
}

/// All routes, each answer in its envelope.
pub fn app(state: App) -> Router {
    let routes = health()
        .route("/v1/score", post(score::post))
        .route("/v1/score/stream", post(stream::post))
        .route("/v1/customers", get(customers::list))
        .route("/v1/customers/{id}", get(customers::get))
        .route("/v1/summary", get(customers::summary))
        .route("/v1/alerts", get(alerts::list))
        .route("/v1/alerts/{id}", get(alerts::get))
        .route("/v1/alerts/{id}/contacted", post(news::contacted))
        .route("/v1/alerts/{id}/events", post(news::events))
        .route("/v1/campaigns/{id}/assignment", get(campaigns::assignment))
        .route("/v1/campaigns/{id}/exposures", post(campaigns::exposures))
        .route("/v1/campaigns/{id}/outcomes", post(campaigns::outcomes))
        .route("/v1/campaigns/{id}/result", get(campaigns::result))
        .route("/v1/models", get(models::get))
        .route("/v1/models/reload", post(models::reload))
        .route("/v1/models/shadow", get(models::shadow))
        .route("/v1/models/{version}", get(models::detail))
        .route("/v2", get(v2::server))
        .route("/v2/health/live", get(v2::live))
        .route("/v2/health/ready", get(v2::ready))
        .route("/v2/models/{name}", get(v2::model))
        .route("/v2/models/{name}/ready", get(v2::model_ready))
        .route("/v2/models/{name}/infer", post(v2::infer))
        .route("/v2/models/{name}/versions/{version}", get(v2::version))
        .route("/v2/models/{name}/versions/{version}/ready", get(v2::version_ready))
        .route("/v2/models/{name}/versions/{version}/infer", post(v2::infer_version))
        .route("/invocations", post(invocations::post))
        .route("/ping", get(invocations::ping))
        .route("/openapi.json", get(operations::openapi))
        .route("/docs", get(operations::docs));
    enveloped(routes, state)
}

fn health() -> Router<App> {
    Router::new()
        .route("/health/live", get(operations::live))
        .route("/health/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
}

fn enveloped(routes: Router<App>, state: App) -> Router {
    routes
        .fallback(incoming::not_found)
        .method_not_allowed_fallback(incoming::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&state), envelope::wrap))
        .with_state(state)
}
