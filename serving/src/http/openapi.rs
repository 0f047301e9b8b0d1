//! The interface's description, generated from the wire types and the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

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
    components(schemas(CustomerRequest, EventRequest)),
    modifiers(&Credentials),
    // Each of these is enough, where the service asks for one at all.
    security((), ("bearer" = []), ("key" = []))
)]
struct Document;

/// How a caller shows who it is.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))));
    }
}

/// The document of this build, in version 3.1 of `OpenAPI`.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
