//! `POST /v1/score`: scores up to a thousand customers.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lapwing_models::lifecycle::{RiskBand, Segment, Stage, ValueTier};
use lapwing_models::score::Score;
use lapwing_models::{Contribution, Prediction};

use crate::http::app::App;
use crate::http::body::{self, CheckedRequest};
use crate::http::problem::Problem;
use crate::http::reading::{Reader, Reading};
use crate::http::routes::models;
use crate::http::state::State;
use crate::http::wire::{Entry, ProblemBody, Reason, RefusedEntry, RfmScores, ScoreEntry, ScoreRequest, ScoreResponse};

/// How many times the limit of a body is read before the connection is closed on it.
const PATIENCE: usize = 4;

/// Scores the customers of the request.
#[utoipa::path(
    post,
    path = "/v1/score",
    summary = "Score 1 to 1000 customers, each by its events or by its features",
    request_body = ScoreRequest,
    responses(
        (status = 200, description = "One entry for each customer; one that is bad bears an `error` and the rest are scored", body = ScoreResponse),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    if !body::is_json(request.headers()) {
        return Err(Problem::ContentType);
    }
    let permit = state.admit()?;
    let bytes = read_body(&state, request).await?;
    let shared = Arc::clone(&state);
    let json = state
        .compute(move || {
            let _permit = permit;
            let response = score(&shared, &body::read(&bytes)?)?;
            serde_json::to_vec(&response).map_err(|_| Problem::Fault)
        })
        .await??;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The body, within limit and time. What is too long is read on for a while and forgotten, since a caller that is still sending
/// would see a broken connection instead of the answer.
async fn read_body(state: &State, request: Request) -> Result<Vec<u8>, Problem> {
    let limit = state.limits().body_bytes;
    let patience = limit.saturating_mul(PATIENCE);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > patience as u64) {
        return Err(Problem::TooLarge(limit));
    }
    let mut body = request.into_body();
    let reading = async {
        let (mut bytes, mut length) = (Vec::new(), 0_usize);
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let Ok(data) = frame.map_err(|_| Problem::BodyCut)?.into_data() else { continue };
            length = length.saturating_add(data.len());
            if length <= limit {
                bytes.extend_from_slice(&data);
            } else {
                bytes = Vec::new();
            }
            if length > patience {
                break;
            }
        }
        if length <= limit { Ok(bytes) } else { Err(Problem::TooLarge(limit)) }
    };
    tokio::time::timeout(state.limits().body_time, reading).await.unwrap_or(Err(Problem::BodyTimeout))
}

/// Scores a request whose skeleton is right.
fn score(state: &State, request: &CheckedRequest) -> Result<ScoreResponse, Problem> {
    let as_of = state.calendar().parse(&request.as_of).ok().filter(|at| at.is_plausible());
    let as_of = as_of.ok_or_else(|| Problem::field("/as_of", "must be RFC 3339 or a date, between 1900 and 2200"))?;
    let mut reader = Reader::new(state.bundle(), state.calendar(), state.calendar().cutoff(as_of));
    let scores = request.customers.iter().enumerate().map(|(place, customer)| {
        let customer_id = customer.customer_id.name().unwrap_or_default();
        match reader.read(place, customer) {
            Ok(reading) => {
                state.metrics().scored_row();
                let score = state.bundle().score(&customer_id, &reading.snapshot, request.explain);
                Entry::Scored(Box::new(entry(customer_id, &reading, &score)))
            }
            Err(error) => {
                state.metrics().refused_row(error.code);
                Entry::Refused(RefusedEntry { customer_id, error })
            }
        }
    });
    Ok(ScoreResponse { scores: scores.collect(), model: models::name(state), as_of: as_of.to_string() })
}

fn entry(customer_id: String, reading: &Reading, score: &Score) -> ScoreEntry {
    let interval = |prediction: &Prediction| [prediction.low, prediction.high];
    let speaking = score.prediction();
    ScoreEntry {
        customer_id,
        population: score.population.name(),
        stage: score.stage.map(Stage::name),
        segment: score.segment.map(Segment::name),
        risk_band: score.risk_band.map(RiskBand::name),
        churn_probability: score.churn.as_ref().map(|churn| churn.probability),
        churn_interval: score.churn.as_ref().map(interval),
        reactivation_probability: score.reactivation.as_ref().map(|reactivation| reactivation.probability),
        reactivation_interval: score.reactivation.as_ref().map(interval),
        probability_basis: score.basis.map(str::to_owned),
        health: score.health,
        value_tier: score.value_tier.map(ValueTier::name),
        rfm: score.rfm.map(|rfm| RfmScores { r: rfm.r, f: rfm.f, m: rfm.m }),
        log_odds: speaking.map(|prediction| prediction.log_odds),
        intercept: speaking.map(|prediction| prediction.intercept),
        reasons: score.reasons().iter().map(reason).collect(),
        ignored_events: reading.ignored_events,
        unknown_kinds: reading.unknown_kinds,
    }
}

fn reason(part: &Contribution) -> Reason {
    Reason { code: part.code.clone(), contribution: part.contribution, value: part.value, typical: part.typical, text: part.text.clone() }
}
