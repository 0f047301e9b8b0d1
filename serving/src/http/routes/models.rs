//! `GET /v1/models`: what serves, and what it was measured to do.

use axum::Json;
use axum::extract::State as Shared;
use lapwing_features::{FEATURES, schema};
use lapwing_models::{Model, TargetReport, ValueReport};

use crate::http::app::App;
use crate::http::lineup::Served;
use crate::http::problem::Problem;
use crate::http::wire::{BasisByTarget, ModelEntry, ModelName, ModelsResponse, SkillByTarget, TargetEntry, WindowDays};

/// Tells of the models.
#[utoipa::path(
    get,
    path = "/v1/models",
    summary = "The models that serve: version, windows, fingerprints, verdicts and metrics",
    responses((status = 200, description = "The models", body = ModelsResponse))
)]
pub(crate) async fn get(Shared(state): Shared<App>) -> Result<Json<ModelsResponse>, Problem> {
    let lineup = state.lineup();
    let Served { bundle, version, .. } = &*lineup.champion;
    let targets = bundle.told().map(|(model, report)| target(model, report)).collect::<Result<_, Problem>>()?;
    let windows = bundle.windows;
    Ok(Json(ModelsResponse {
        models: vec![ModelEntry {
            name: NAME,
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
        }],
    }))
}

const NAME: &str = "churn";

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
