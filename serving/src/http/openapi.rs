//! The interface's description, generated from the wire types and the handlers.

use utoipa::OpenApi;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::routes::{alerts, campaigns, customers, invocations, models, news, operations, score, stream, v2};
use super::wire::{CustomerRequest, EventRequest};
use crate::guard::{Access, access};

#[derive(OpenApi)]
#[openapi(
    info(title = "Lapwing", description = "Who is about to leave, who can be won back, and why."),
    paths(
        score::post,
        stream::post,
        customers::list,
        customers::get,
        customers::summary,
        alerts::list,
        alerts::get,
        news::contacted,
        news::events,
        campaigns::assignment,
        campaigns::exposures,
        campaigns::outcomes,
        campaigns::result,
        models::get,
        models::detail,
        models::shadow,
        models::reload,
        v2::server,
        v2::live,
        v2::ready,
        v2::model,
        v2::version,
        v2::model_ready,
        v2::version_ready,
        v2::infer,
        v2::infer_version,
        invocations::post,
        invocations::ping,
        operations::live,
        operations::ready,
        operations::metrics,
        operations::openapi,
        operations::docs
    ),
    components(schemas(CustomerRequest, EventRequest))
)]
struct Document;

/// The document of this build, in version 3.1 of `OpenAPI`.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    finish(&mut document);
    document
}

/// Objects of requests that have no other members than those that are described.
pub(super) const CLOSED: &[&str] = &[
    "ScoreRequest",
    "CustomerRequest",
    "InferRequest",
    "InferInput",
    "InferOutput",
    "InvocationsRequest",
    "SplitTable",
    "InvocationsParams",
    "ContactedRequest",
    "AlertEventsRequest",
    "AlertEvent",
    "ExposuresRequest",
    "ExposureRequest",
    "OutcomesRequest",
    "OutcomeRequest",
];

const BEARER: &str = "bearer";
const API_KEY: &str = "api_key";

/// A name for each operation that no other has, and what the table of routes asks of its caller.
fn finish(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [("GET", item.get.as_mut()), ("POST", item.post.as_mut())] {
            let Some(operation) = operation else { continue };
            let name = format!("{method}{path}").to_lowercase().replace(['/', '.'], "_").replace(['{', '}'], "");
            operation.operation_id = Some(name);
            if let Some(Access::Needs(role)) = access(method, path) {
                let schemes = [BEARER, API_KEY].map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()));
                operation.security = Some(schemes.into());
                for (status, text) in [
                    ("401", "No key, or none that is good, where keys are asked for".to_owned()),
                    ("403", format!("The key has not the role `{}`", role.name())),
                ] {
                    operation.responses.responses.insert(status.to_owned(), refusal(text).into());
                }
                let stray = || refusal("The query has a term, and none is taken here".to_owned()).into();
                operation.responses.responses.entry("422".to_owned()).or_insert_with(stray);
                let often = || refusal("The key asks more often than it may; see `retry-after`".to_owned()).into();
                operation.responses.responses.entry("429".to_owned()).or_insert_with(often);
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for name in CLOSED {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(*name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(API_KEY, SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))));
}

fn refusal(text: String) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    ResponseBuilder::new().description(text).content("application/problem+json", content).build()
}
