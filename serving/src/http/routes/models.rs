//! `/v1/models`: what serves, what it was measured to do, and its reload.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shared};
use lapwing_features::{FEATURES, schema};
use lapwing_models::{Model, TargetReport, ValueReport};

use crate::http::app::App;
use crate::http::lineup::{Lineup, Served};
use crate::http::problem::Problem;
use crate::http::shadow;
use crate::http::wire::{
    BasisByTarget, ModelDetail, ModelEntry, ModelName, ModelsResponse, ProblemBody, ReloadResponse, ShadowResponse, SkillByTarget,
    TargetEntry, WindowDays,
};

/// Tells of the models.
#[utoipa::path(
    get,
    path = "/v1/models",
    summary = "The models that serve: version, windows, fingerprints, verdicts and metrics",
    responses((status = 200, description = "The models", body = ModelsResponse))
)]
pub(crate) async fn get(Shared(state): Shared<App>) -> Result<Json<ModelsResponse>, Problem> {
    let lineup = state.lineup();
    let models = lineup.all().map(|served| entry(&lineup, served)).collect::<Result<_, Problem>>()?;
    Ok(Json(ModelsResponse { models }))
}

/// Tells of one of them.
#[utoipa::path(
    get,
    path = "/v1/models/{version}",
    summary = "One of the models that serve, with its card",
    params(("version" = String, Path, description = "Its version")),
    responses(
        (status = 200, description = "The model", body = ModelDetail),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn detail(Shared(state): Shared<App>, Path(version): Path<String>) -> Result<Json<ModelDetail>, Problem> {
    let lineup = state.lineup();
    let served = lineup.all().find(|served| served.version == version).ok_or(Problem::NoModel)?;
    Ok(Json(ModelDetail { model: entry(&lineup, served)?, card: served.bundle.card.clone() }))
}

/// Tells how far the challenger in the shadow differs.
#[utoipa::path(
    get,
    path = "/v1/models/shadow",
    summary = "How far the challenger's scores are from the champion's, of the same customers",
    responses(
        (status = 200, description = "What has been compared since the challenger came", body = ShadowResponse),
        (status = 404, description = "Nobody scores in the shadow", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn shadow(Shared(state): Shared<App>) -> Result<Json<ShadowResponse>, Problem> {
    shadow::report(&state.lineup()).map(Json).ok_or(Problem::NoShadow)
}

/// Reads the bundle or the registry again.
#[utoipa::path(
    post,
    path = "/v1/models/reload",
    summary = "Read the bundle or the registry again, and serve what it holds now",
    responses(
        (status = 200, description = "It is served from now on, or was already", body = ReloadResponse),
        (status = 409, description = "It is not fit to serve; the models before serve on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reload(Shared(state): Shared<App>) -> Result<Json<ReloadResponse>, Problem> {
    let outcome = state.reload().await?.name();
    let lineup = state.lineup();
    let challenger = lineup.challenger.as_ref().map(|challenger| challenger.served.version.clone());
    Ok(Json(ReloadResponse { outcome, champion: lineup.champion.version.clone(), challenger }))
}

/// A model of a lineup, in the words of the list.
fn entry(lineup: &Lineup, served: &Arc<Served>) -> Result<ModelEntry, Problem> {
    let Served { bundle, version, label, .. } = &**served;
    let targets = bundle.told().map(|(model, report)| target(model, report)).collect::<Result<_, Problem>>()?;
    let windows = bundle.windows;
    let challenged = lineup.challenger.as_ref().map_or(0.0, |challenger| challenger.terms.share);
    let terms = lineup.challenger.as_ref().filter(|challenger| Arc::ptr_eq(&challenger.served, served)).map(|challenger| &challenger.terms);
    Ok(ModelEntry {
        name: NAME,
        role: if terms.is_some() { "challenger" } else { "champion" },
        label: label.clone(),
        share: terms.map_or(1.0 - challenged, |terms| terms.share),
        shadow: terms.is_some_and(|terms| terms.shadow),
        version: version.clone(),
        fitted_as_of: bundle.as_of.to_string(),
        timezone: bundle.timezone.clone(),
        windows: WindowDays { active_days: windows.active_days, horizon_days: windows.horizon_days, gap_days: windows.gap_days },
        features: FEATURES.iter().map(|feature| feature.name).collect(),
        feature_fingerprint: schema::fingerprint(),
        data_fingerprint: bundle.data_fingerprint.clone(),
        seed: bundle.seed,
        targets,
        value_notes: bundle.value_report.iter().flat_map(ValueReport::lacks).collect(),
    })
}

/// What the models are called, of whatever version.
pub(crate) const NAME: &str = "churn";

/// What scored, as every answer with scores says it.
pub(crate) fn name(served: &Served) -> ModelName {
    let bundle = &served.bundle;
    ModelName {
        name: NAME,
        version: served.version.clone(),
        fitted_as_of: bundle.as_of.to_string(),
        basis: BasisByTarget {
            churn: bundle.churn.basis.name().to_owned(),
            reactivation: bundle.reactivation.basis.name().to_owned(),
            intent: bundle.intent.as_ref().map(|model| model.basis.name().to_owned()),
        },
        skill: SkillByTarget {
            churn: bundle.reports[0].skill,
            reactivation: bundle.reports[1].skill,
            intent: bundle.reports.get(2).map(|report| report.skill),
        },
    }
}

fn target(model: &Model, report: &TargetReport) -> Result<TargetEntry, Problem> {
    Ok(TargetEntry {
        target: model.target.name().to_owned(),
        basis: model.basis.name().to_owned(),
        basis_note: model.basis.why().map(str::to_owned),
        verdict: report.verdict.clone(),
        skill: report.skill,
        report: serde_json::to_value(report).map_err(|_| Problem::Fault)?,
    })
}
