//! The interface's description, generated from the wire types and the handlers.

use utoipa::OpenApi;

use super::routes::{models, operations, score, stream};
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
