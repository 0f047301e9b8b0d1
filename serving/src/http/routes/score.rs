//! `POST /v1/score`: scores up to a thousand customers.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::app::App;
use crate::http::envelope::AnsweredBy;
use crate::http::incoming;
use crate::http::problem::Problem;
use crate::http::scoring;
use crate::http::shadow::{self, Asked};
use crate::http::wire::{ProblemBody, ScoreRequest, ScoreResponse};

/// Scores the customers of the request.
#[utoipa::path(
    post,
    path = "/v1/score",
    summary = "Score 1 to 1000 customers, each by its events or by its features",
    request_body = ScoreRequest,
    responses(
        (status = 200, description = "One entry for each customer; one that is bad bears an `error` and the rest are scored", body = ScoreResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`as_of`, `explain` or `customers` has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Scoring took too long, or the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    if let Err(problem) = incoming::check(&head.headers, &["application/json"]).and_then(|()| state.check_running()) {
        incoming::drain(state.limits(), &head.headers, body).await;
        return Err(problem);
    }
    let bytes = incoming::read(&state, &head.headers, body).await?;
    let (shared, lineup, length) = (Arc::clone(&state), state.lineup(), bytes.len());
    let scored = state.admission().compute(length, move |watch| {
        let mut sheet = scoring::score(&lineup, shared.notes(), &bytes, watch)?;
        sheet.count(shared.metrics());
        let by = AnsweredBy { served: Arc::clone(sheet.speaker()), customers: sheet.take_customers() };
        let (json, told) = sheet.finish()?;
        shadow::follow(&shared, lineup, Asked::Customers, bytes, told);
        Ok((json, by))
    });
    let (json, by) = scored.await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Extension(by), json).into_response())
}
