//! `POST /v1/score`: scores up to a thousand customers.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::http::admission::Watch;
use crate::http::app::App;
use crate::http::body;
use crate::http::envelope::AnsweredBy;
use crate::http::incoming::{self, Whole};
use crate::http::kept::Kept;
use crate::http::lineup::Lineup;
use crate::http::problem::Problem;
use crate::http::scoring;
use crate::http::shadow::{self, Asked};
use crate::http::sheet::Sheet;
use crate::http::swift;
use crate::http::wire::{ProblemBody, ScoreRequest, ScoreResponse};

/// Scores the customers of the request.
#[utoipa::path(
    post,
    path = "/v1/score",
    summary = "Score 1 to 1000 customers, each by its events, by its features, or by what the store keeps of it",
    description = "Where the service has a store that `lapwing-serve publish --keep-histories` filled, `customer_id` alone is enough: the \
                   customer is scored by the history that was kept, and `history_until` tells how far that goes.",
    request_body = ScoreRequest,
    responses(
        (status = 200, description = "One entry for each customer; one that is bad bears an `error` and the rest are scored", body = ScoreResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`as_of`, `explain` or `customers` has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Scoring took too long, the service is stopping, or its store cannot be read", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    if let Err(problem) = incoming::check(&head.headers, &["application/json"]).and_then(|()| state.check_running()) {
        incoming::drain(state.limits(), &head.headers, body).await;
        return Err(problem);
    }
    let bytes = incoming::read(&state, &head.headers, body).await?;
    let (begin, length) = (Instant::now(), bytes.len());
    let work = Work { state: Arc::clone(&state), lineup: state.lineup(), bytes };
    let step = state.admission().compute(length, move |watch| work.step(None, watch)).await?;
    let (json, by) = match step {
        Step::Done(done) => done,
        Step::Wants(work, ids) => {
            let left = || state.limits().request_time.saturating_sub(begin.elapsed());
            let kept = tokio::time::timeout(left(), Kept::of(&state, ids)).await.map_err(|_| Problem::Deadline)??;
            let bytes = length + kept.bytes();
            match state.admission().compute_within(left(), bytes, move |watch| work.step(Some(kept), watch)).await? {
                Step::Done(done) => done,
                Step::Wants(..) => return Err(Problem::Fault),
            }
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], Extension(by), json).into_response())
}

/// A request in work.
struct Work {
    state: App,
    lineup: Arc<Lineup>,
    bytes: Whole,
}

/// What came of it.
enum Step {
    /// The answer.
    Done((Vec<u8>, AnsweredBy)),
    /// Customers of these ids are to be looked up first.
    Wants(Work, Vec<String>),
}

impl Work {
    /// Answers the request, unless somebody is to be looked up who is not yet.
    fn step(self, kept: Option<Kept>, watch: &Watch) -> Result<Step, Problem> {
        let (lineup, notes) = (&self.lineup, self.state.notes());
        let swift = if kept.is_none() { swift::score(lineup, notes.clone(), &self.bytes, watch) } else { None };
        let written = if let Some(sheet) = swift {
            self.written(sheet)?
        } else {
            watch.check()?;
            let request = body::read(&self.bytes)?;
            let looks_up = kept.is_none() && self.state.desk().is_ok();
            let ids = if looks_up { scoring::ids_alone(&request) } else { Vec::new() };
            if !ids.is_empty() {
                drop((request, notes));
                return Ok(Step::Wants(self, ids));
            }
            let kept = kept.as_ref().unwrap_or(&Kept::Nothing);
            self.written(scoring::carefully(lineup, notes, &request, kept, watch)?)?
        };
        let (json, by, told) = written;
        shadow::follow(&self.state, self.lineup, Asked::Customers(kept.unwrap_or(Kept::Nothing)), self.bytes, told);
        Ok(Step::Done((json, by)))
    }

    fn written(&self, mut sheet: Sheet<'_>) -> Result<(Vec<u8>, AnsweredBy, Vec<shadow::Told>), Problem> {
        sheet.count(self.state.metrics());
        let by = AnsweredBy { served: Arc::clone(sheet.speaker()), customers: sheet.take_customers() };
        let (json, told) = sheet.finish()?;
        Ok((json, by, told))
    }
}
