//! The general part of the OpenAPI document.

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::shapes::ErrorShape;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pawdium",
        description = "Rate how derpy an animal looks, from 1 to 10. Errors are always `{code, message}` with the same HTTP \
                       status, times RFC 3339 in UTC, ids integers.",
    ),
    servers((url = "/api/v1")),
    components(schemas(ErrorShape)),
    modifiers(&BearerToken),
)]
struct Api;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The `access_token` from registering or logging in."))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document without its operations, which the router adds.
#[must_use]
pub fn about() -> Document {
    Api::openapi()
}
