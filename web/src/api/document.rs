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

/// What the document says of tokens. A test compares it with [`Scope`](pawdium_shared::accounts::Scope).
const SCOPES: &str = "The `access_token` from registering or logging in, which may do everything, or an API token that \
    a member makes in the settings, which begins with `pawdium_` and has scopes: `read`, `rate`, `submit` (everything \
    else that members write) and `moderate`. Each call names the scopes of which an API token needs one; without a \
    name, it takes none.";

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(SCOPES)).build();
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

#[cfg(test)]
mod tests {
    use pawdium_shared::accounts::Scope;
    use strum::VariantArray as _;

    use super::SCOPES;

    #[test]
    fn the_document_names_every_scope() {
        for scope in Scope::VARIANTS {
            assert!(SCOPES.contains(&format!("`{}`", scope.name())), "{}", scope.name());
        }
    }
}
