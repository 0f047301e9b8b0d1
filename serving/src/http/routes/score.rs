//! `POST /v1/score`: scores up to a thousand customers.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lapwing_models::lifecycle::{RiskBand, Segment, Stage, ValueTier};
use lapwing_models::score::{Score, points};
use lapwing_models::{Contribution, Prediction};

use crate::audit::AuditLog;
use crate::http::app::App;
use crate::http::body::{self, CheckedRequest};
use crate::http::customer;
use crate::http::envelope::AnsweredBy;
use crate::http::incoming;
use crate::http::lineup::{Lineup, Served};
use crate::http::panel::{Panel, Seat};
use crate::http::problem::Problem;
use crate::http::reading::Reading;
use crate::http::routes::models;
use crate::http::shadow;
use crate::http::state::State;
use crate::http::wire::{Entry, ProblemBody, Reason, RefusedEntry, RfmScores, ScoreEntry, ScoreRequest, ScoreResponse};

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
        (status = 503, description = "The service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(Shared(state): Shared<App>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let permit = match incoming::check(&head.headers).and_then(|()| state.admit()) {
        Ok(permit) => permit,
        Err(problem) => {
            incoming::drain(state.limits(), body).await;
            return Err(problem);
        }
    };
    let bytes = incoming::read(state.limits(), &head.headers, body).await?;
    let shared = Arc::clone(&state);
    let lineup = state.lineup();
    let (json, by) = state
        .compute(move || {
            let _permit = permit;
            let response = score(&shared, &lineup, &body::read(&bytes)?)?;
            let json = serde_json::to_vec(&response).map_err(|_| Problem::Fault)?;
            let by = lineup.all().find(|served| served.version == response.model.version).unwrap_or(&lineup.champion);
            let hashed = |audit: &AuditLog| response.scores.iter().filter_map(|entry| Some(audit.customer(entry.customer_id()?))).collect();
            let by = AnsweredBy { served: Arc::clone(by), customers: shared.audit().map_or_else(Vec::new, hashed) };
            let told = response.scores.iter().map(shadow::told).collect();
            shadow::follow(&shared, lineup, bytes, told);
            Ok::<_, Problem>((json, by))
        })
        .await??;
    Ok(([(header::CONTENT_TYPE, "application/json")], Extension(by), json).into_response())
}

/// Scores the customers of a request.
fn score(state: &State, lineup: &Lineup, request: &CheckedRequest) -> Result<ScoreResponse, Problem> {
    let as_of = lineup.champion.calendar.parse(&request.as_of).ok().filter(|at| at.is_plausible());
    let as_of = as_of.ok_or_else(|| Problem::field("/as_of", "must be RFC 3339 or a date, between 1900 and 2200"))?;
    let mut panel = Panel::new(lineup, as_of);
    let mut score_one = |place, json| -> Result<ScoreEntry, RefusedEntry> {
        let customer = customer::read(place, json)?;
        let Seat { served, reader, challenges } = panel.seat(&customer.id);
        match reader.read(place, &customer) {
            Ok(reading) => {
                let score = served.bundle.score(&customer.id, &reading.snapshot, request.explain);
                state.metrics().scored_row(&served.version);
                Ok(ScoreEntry { model_version: challenges.then(|| served.version.clone()), ..entry(customer.id, &reading, score) })
            }
            Err(error) => Err(RefusedEntry { customer_id: Some(customer.id), error }),
        }
    };
    let scores = request.customers.iter().enumerate().map(|(place, json)| match score_one(place, json) {
        Ok(entry) => Entry::Scored(Box::new(entry)),
        Err(refused) => {
            state.metrics().refused_row(refused.error.code);
            Entry::Refused(refused)
        }
    });
    let scores: Vec<Entry> = scores.collect();
    let model = models::name(speaker(lineup, &scores));
    Ok(ScoreResponse { scores, model, as_of: as_of.to_string() })
}

/// Whose answer it is: the challenger's only when nobody was scored by the champion.
fn speaker<'a>(lineup: &'a Lineup, scores: &[Entry]) -> &'a Served {
    let mut scored =
        scores.iter().filter_map(|entry| if let Entry::Scored(entry) = entry { Some(entry.model_version.is_some()) } else { None });
    let all_challenged = scored.next() == Some(true) && scored.all(|challenged| challenged);
    match &lineup.challenger {
        Some(challenger) if all_challenged => &challenger.served,
        _ => &lineup.champion,
    }
}

fn entry(customer_id: String, reading: &Reading, score: Score) -> ScoreEntry {
    let interval = |prediction: &Prediction| [prediction.low, prediction.high];
    let speaking = score.prediction();
    ScoreEntry {
        customer_id,
        model_version: None,
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
        intent: score.intent.as_ref().map(|intent| points(intent.probability)),
        intent_interval: score.intent.as_ref().map(|intent| interval(intent).map(points)),
        expected_purchases_365d: score.value.map(|value| value.expected_purchases_365d),
        clv_365d: score.value.and_then(|value| value.clv_365d),
        value_tier: score.value_tier.map(ValueTier::name),
        rfm: score.rfm.map(|rfm| RfmScores { r: rfm.r, f: rfm.f, m: rfm.m }),
        log_odds: speaking.map(|prediction| prediction.log_odds),
        intercept: speaking.map(|prediction| prediction.intercept),
        reasons: score.reasons().iter().map(reason).collect(),
        why: score.why,
        ignored_events: reading.ignored_events,
        unknown_kinds: reading.unknown_kinds,
        without_kind: reading.without_kind,
    }
}

fn reason(part: &Contribution) -> Reason {
    Reason { code: part.code.clone(), contribution: part.contribution, value: part.value, typical: part.typical, text: part.text.clone() }
}
