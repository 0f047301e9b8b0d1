//! The application as a function: state in, router out. Listener and shutdown are somebody else's.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::cors;
use super::envelope;
use super::gate;
use super::incoming;
use super::routes::{models, operations, score};
use super::state::State;

/// The state as handlers share it.
pub type App = Arc<State>;

/// All routes, each answer in its envelope.
pub fn app(state: App) -> Router {
    Router::new()
        .route("/v1/score", post(score::post))
        .route("/v1/models", get(models::get))
        .route("/v1/models/reload", post(models::reload))
        .route("/v1/models/shadow", get(models::shadow))
        .route("/v1/models/{version}", get(models::detail))
        .route("/health/live", get(operations::live))
        .route("/health/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route("/openapi.json", get(operations::openapi))
        .fallback(incoming::not_found)
        .method_not_allowed_fallback(incoming::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&state), gate::check))
        .layer(from_fn_with_state(Arc::clone(&state), cors::wrap))
        .layer(from_fn_with_state(Arc::clone(&state), envelope::wrap))
        .with_state(state)
}
