//! `/v2`: the Open Inference Protocol over the feature table.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use lapwing_features::{FEATURES, FeatureVector};

use super::invocations::{cutoff, scored};
use super::models::NAME;
use crate::http::admission::Watch;
use crate::http::app::App;
use crate::http::columns;
use crate::http::envelope::AnsweredBy;
use crate::http::infer::{FEATURES_TENSOR, read_body};
use crate::http::lineup::Lineup;
use crate::http::problem::Problem;
use crate::http::shadow::{Asked, Told};
use crate::http::sheet::Sheet;
use crate::http::state::State;
use crate::http::table;
use crate::http::wire::{InferRequest, InferResponse, Live, ModelMetadata, ModelReady, ProblemBody, Ready, ServerMetadata, TensorMetadata};

/// How many features there are, as a shape tells it.
const WIDTH: i64 = FeatureVector::LEN.cast_signed() as i64;

/// Tells of the server.
#[utoipa::path(
    get,
    path = "/v2",
    summary = "What this server is",
    responses(
        (status = 200, description = "The server", body = ServerMetadata),
    )
)]
pub(crate) async fn server() -> Json<ServerMetadata> {
    Json(ServerMetadata { name: "lapwing", version: env!("CARGO_PKG_VERSION"), extensions: [] })
}

/// The process answers.
#[utoipa::path(
    get,
    path = "/v2/health/live",
    summary = "Whether the process answers at all",
    responses(
        (status = 200, description = "It does", body = Live),
    )
)]
pub(crate) async fn live() -> Json<Live> {
    Json(Live { live: true })
}

/// The service takes requests.
#[utoipa::path(
    get,
    path = "/v2/health/ready",
    summary = "Whether requests should be sent here",
    responses(
        (status = 200, description = "Yes", body = Ready),
        (status = 503, description = "No longer: the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(Shared(state): Shared<App>) -> Result<Json<Ready>, Problem> {
    state.check_running().map(|()| Json(Ready { ready: true }))
}

/// Tells of the model.
#[utoipa::path(
    get,
    path = "/v2/models/{name}",
    summary = "What the model takes and tells",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$")),
    responses(
        (status = 200, description = "The model", body = ModelMetadata),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn model(Shared(state): Shared<App>, Path(name): Path<String>) -> Result<Json<ModelMetadata>, Problem> {
    named(&state, &name, None).map(|lineup| Json(metadata(&lineup)))
}

/// Tells of one version of the model.
#[utoipa::path(
    get,
    path = "/v2/models/{name}/versions/{version}",
    summary = "What one version of the model takes and tells",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$"), ("version" = String, Path, description = "Its version")),
    responses(
        (status = 200, description = "The model", body = ModelMetadata),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn version(
    Shared(state): Shared<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<ModelMetadata>, Problem> {
    named(&state, &name, Some(&version)).map(|lineup| Json(metadata(&lineup)))
}

/// The model can be asked.
#[utoipa::path(
    get,
    path = "/v2/models/{name}/ready",
    summary = "Whether the model can be asked",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$")),
    responses(
        (status = 200, description = "It can", body = ModelReady),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No longer: the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn model_ready(Shared(state): Shared<App>, Path(name): Path<String>) -> Result<Json<ModelReady>, Problem> {
    named(&state, &name, None).and(state.check_running()).map(|()| Json(ModelReady { name: NAME, ready: true }))
}

/// A version of the model can be asked.
#[utoipa::path(
    get,
    path = "/v2/models/{name}/versions/{version}/ready",
    summary = "Whether one version of the model can be asked",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$"), ("version" = String, Path, description = "Its version")),
    responses(
        (status = 200, description = "It can", body = ModelReady),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No longer: the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn version_ready(
    Shared(state): Shared<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<ModelReady>, Problem> {
    named(&state, &name, Some(&version)).and(state.check_running()).map(|()| Json(ModelReady { name: NAME, ready: true }))
}

/// Scores the rows of tensors.
#[utoipa::path(
    post,
    path = "/v2/models/{name}/infer",
    summary = "Score a feature table of 1 to 1000 rows, sent as tensors",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$")),
    request_body = InferRequest,
    responses(
        (status = 200, description = "A tensor for each output, with a value for each row", body = InferResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape, or a row cannot be scored", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Scoring took too long, or the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn infer(Shared(state): Shared<App>, Path(name): Path<String>, request: Request) -> Result<Response, Problem> {
    let lineup = named(&state, &name, None);
    scored(state, request, lineup, Asked::Tensors, answer).await
}

/// Scores the rows of tensors by one version of the model.
#[utoipa::path(
    post,
    path = "/v2/models/{name}/versions/{version}/infer",
    summary = "Score a feature table by one version of the model alone",
    params(("name" = String, Path, description = "`churn`", pattern = "^churn$"), ("version" = String, Path, description = "Its version")),
    request_body = InferRequest,
    responses(
        (status = 200, description = "A tensor for each output, with a value for each row", body = InferResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such model serves", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape, or a row cannot be scored", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Scoring took too long, or the service is stopping", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn infer_version(
    Shared(state): Shared<App>,
    Path((name, version)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let lineup = named(&state, &name, Some(&version));
    scored(state, request, lineup, Asked::Tensors, answer).await
}

/// The models of this name; of one version alone, where one is given.
fn named(state: &State, name: &str, version: Option<&str>) -> Result<Arc<Lineup>, Problem> {
    let lineup = state.lineup();
    let Some(version) = version.filter(|_| name == NAME) else { return if name == NAME { Ok(lineup) } else { Err(Problem::NoModel) } };
    let served = lineup.all().find(|served| served.version == version).ok_or(Problem::NoModel)?;
    Ok(Arc::new(Arc::clone(served).into()))
}

fn metadata(lineup: &Lineup) -> ModelMetadata {
    let all = TensorMetadata { name: FEATURES_TENSOR, datatype: "FP64", shape: vec![-1, WIDTH] };
    let one = |name| TensorMetadata { name, datatype: "FP64", shape: vec![-1] };
    ModelMetadata {
        name: NAME,
        versions: lineup.all().map(|served| served.version.clone()).collect(),
        platform: "lapwing",
        inputs: [all].into_iter().chain(FEATURES.iter().map(|feature| one(feature.name))).collect(),
        outputs: columns::metadata(),
    }
}

fn answer(lineup: &Lineup, state: &State, bytes: &[u8], watch: &Watch) -> Result<(Vec<u8>, AnsweredBy, Vec<Told>), Problem> {
    let asked = read_body(bytes)?;
    let as_of = cutoff(lineup, asked.as_of.as_deref(), "/parameters/as_of")?;
    let mut sheet = Sheet::of_columns(lineup, state.notes(), as_of);
    table::score(lineup, &mut sheet, as_of, &asked.table, watch)?;
    let outputs = sheet.take_columns().tensors(&asked.outputs)?;
    sheet.count(state.metrics());
    let by = AnsweredBy { served: Arc::clone(sheet.speaker()), customers: sheet.take_customers() };
    let response = InferResponse { model_name: NAME, model_version: by.served.version.clone(), id: asked.id, outputs };
    Ok((serde_json::to_vec(&response).map_err(|_| Problem::Fault)?, by, sheet.take_told()))
}
