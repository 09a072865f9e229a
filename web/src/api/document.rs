//! The OpenAPI document, made from the handlers.

use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::shapes::ErrorShape;
use crate::{accounts, photos, ranking, ratings};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pawdium",
        description = "Rate how derpy an animal looks, from 1 to 10. Errors are always `{code, message}` with the same HTTP \
                       status, times RFC 3339 in UTC, ids integers.",
    ),
    servers((url = "/api/v1")),
    paths(
        accounts::api::create_user,
        accounts::api::me,
        accounts::api::update_me,
        accounts::api::delete_me,
        accounts::api::show_user,
        accounts::api::create_token,
        accounts::api::delete_token,
        accounts::api::request_reset,
        photos::api::submit,
        photos::api::show,
        photos::api::delete,
        photos::api::share,
        ratings::api::next,
        ratings::api::rate,
        ranking::api::top,
        ranking::api::trending,
    ),
    components(schemas(ErrorShape)),
    modifiers(&BearerToken),
)]
struct Api;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The `access_token` that registering or logging in answered with."))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}

/// `GET /api/v1/openapi.json`
pub async fn serve() -> Json<Document> {
    Json(document())
}
