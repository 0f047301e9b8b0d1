//! `POST /invocations` and `GET /ping`: what clients of `MLflow` and `SageMaker` call.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lapwing_features::Timestamp;

use crate::http::admission::Watch;
use crate::http::app::App;
use crate::http::envelope::AnsweredBy;
use crate::http::incoming;
use crate::http::invocations::read_body;
use crate::http::lineup::Lineup;
use crate::http::problem::Problem;
use crate::http::scoring;
use crate::http::shadow::{self, Asked, Told};
use crate::http::sheet::Sheet;
use crate::http::state::State;
use crate::http::table;
use crate::http::wire::{InvocationsRequest, InvocationsResponse, ProblemBody, Ready};

/// Scores the rows of a table.
#[utoipa::path(
    post,
    path = "/invocations",
    summary = "Score a feature table of 1 to 1000 rows, as clients of MLflow and SageMaker send it",
    request_body = InvocationsRequest,
    responses(
        (status = 200, description = "One entry for each row; one that is bad bears an `error` and the rest are scored", body = InvocationsResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Scoring took too long, or the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    let lineup = Ok(state.lineup());
    let work = |lineup: &Lineup, state: &State, bytes: &[u8], watch: &Watch| {
        let asked = read_body(bytes)?;
        let as_of = cutoff(lineup, asked.as_of.as_deref(), "/params/as_of")?;
        let mut sheet = Sheet::new(lineup, state.notes(), as_of, asked.explain);
        table::score(lineup, &mut sheet, as_of, &asked.table, watch)?;
        sheet.count(state.metrics());
        let by = AnsweredBy { served: Arc::clone(sheet.speaker()), customers: sheet.take_customers() };
        let told = sheet.take_told();
        Ok((sheet.into_predictions(), by, told))
    };
    scored(state, request, lineup, Asked::Invocation, work).await
}

/// The service takes requests.
#[utoipa::path(
    get,
    path = "/ping",
    summary = "Whether requests should be sent here, as SageMaker asks",
    responses(
        (status = 200, description = "Yes", body = Ready),
        (status = 503, description = "No longer: the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ping(Shared(state): Shared<App>) -> Result<Json<Ready>, Problem> {
    state.check_running().map(|()| Json(Ready { ready: true }))
}

/// The cutoff of a table: the date of the champion's fit when none is given, for then an answer depends on no clock.
pub(in crate::http) fn cutoff(lineup: &Lineup, as_of: Option<&str>, pointer: &str) -> Result<Timestamp, Problem> {
    let Some(as_of) = as_of else { return Ok(lineup.champion.bundle.as_of) };
    scoring::instant(lineup, as_of).ok_or_else(|| Problem::field(pointer, "must be RFC 3339 or a date, between 1900 and 2200"))
}

/// Does `work` on the body of `request`, within the limits that hold for `/v1/score`.
pub(super) async fn scored(
    state: App,
    request: Request,
    lineup: Result<Arc<Lineup>, Problem>,
    asked: Asked,
    work: impl FnOnce(&Lineup, &State, &[u8], &Watch) -> Result<(Vec<u8>, AnsweredBy, Vec<Told>), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let begun = incoming::check(&head.headers, &["application/json"]).and_then(|()| state.check_running()).and(lineup);
    let lineup = match begun {
        Ok(lineup) => lineup,
        Err(problem) => {
            incoming::drain(state.limits(), &head.headers, body).await;
            return Err(problem);
        }
    };
    let bytes = incoming::read(&state, &head.headers, body).await?;
    let (shared, length) = (Arc::clone(&state), bytes.len());
    let scored = state.admission().compute(length, move |watch| {
        let (json, by, told) = work(&lineup, &shared, &bytes, watch)?;
        shadow::follow(&shared, lineup, asked, bytes, told);
        Ok((json, by))
    });
    let (json, by) = scored.await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Extension(by), json).into_response())
}
