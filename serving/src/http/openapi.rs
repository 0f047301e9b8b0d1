//! The interface's description, generated from the wire types and the handlers.

use utoipa::OpenApi;

use super::routes::{invocations, models, operations, score, stream, v2};
use super::wire::{CustomerRequest, EventRequest};

#[derive(OpenApi)]
#[openapi(
    info(title = "Lapwing", description = "Who is about to leave, who can be won back, and why."),
    paths(
        score::post,
        stream::post,
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
        operations::openapi
    ),
    components(schemas(CustomerRequest, EventRequest))
)]
struct Document;

/// The document of this build, in version 3.1 of `OpenAPI`.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
