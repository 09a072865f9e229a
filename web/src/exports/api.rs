//! Archives through the API.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use pawdium_shared::exports::{self, Export, ExportState};
use pawdium_shared::ids::ExportId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::request;
use crate::accounts::factors::confirm::prove_by_call;
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{Path, read_optional};
use crate::state::App;

/// An archive of what the caller has on the site.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportShape {
    /// The export's id.
    pub id: i64,
    /// waiting, ready, failed or expired.
    #[schema(example = "ready")]
    pub state: &'static str,
    /// When the caller asked for it.
    pub requested_at: DateTime<Utc>,
    /// When the archive is deleted; null unless it was ready.
    pub expires_at: Option<DateTime<Utc>>,
    /// The size of the archive; null unless it was ready.
    pub bytes: Option<i64>,
    /// How many photos it has; null unless it was ready.
    pub photos: Option<i32>,
    /// Where the archive is, a zip, for the caller alone: send the token, ranges work. For an account with a second
    /// factor, send a code in the header `Pawdium-Code`, too, unless one was shown with this token within ten minutes;
    /// a download that goes on needs none if `If-Range` bears its `ETag`. Null unless ready.
    pub url: Option<String>,
}

/// A code that confirms the request.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// A code of the authenticator app, or a recovery code, for an account with a second factor.
    #[serde(default)]
    pub code: Option<String>,
}

impl ExportShape {
    fn of(app: &App, export: &Export) -> Self {
        let is_ready = export.state == ExportState::Ready;
        Self {
            id: export.id.0,
            state: export.state.name(),
            requested_at: export.requested_at,
            expires_at: export.expires_at,
            bytes: export.bytes,
            photos: export.photos,
            url: is_ready.then(|| app.url(&format!("/exports/{}", export.id))),
        }
    }
}

/// Asks for an archive of the caller's photos with what belongs to them, comments, ratings and votes. It is kept for
/// seven days. While one is on its way, that is the answer. If the account has a second factor, it takes a `code`
/// unless one was shown with this token within ten minutes.
#[utoipa::path(post, path = "/users/me/exports", tag = "users", security(("token" = [])),
    request_body(content = Option<CodeBody>), responses(
    (status = 202, description = "It is being written", body = ExportShape),
    (status = 400, description = "The body is malformed", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered; with the field `code`, the account has a second factor, \
        and the code is missing or wrong", body = ErrorShape),
    (status = 429, description = "After three a day", body = ErrorShape),
))]
pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    body: Bytes,
) -> Result<(StatusCode, Json<ExportShape>), Error> {
    let body: CodeBody = read_optional(&body)?;
    caller.visitor().member()?;
    prove_by_call(&app, &caller.visitor(), client, body.code.as_deref()).await?;
    let export = request(&app, &caller.visitor()).await?;
    Ok((StatusCode::ACCEPTED, load(&app, &caller, export).await?))
}

/// What has become of an export of the caller's.
#[utoipa::path(get, path = "/users/me/exports/{id}", tag = "users", security(("token" = [])),
    params(("id" = i64, Path, description = "The export's id")), responses(
    (status = 200, description = "The export, with a link if its archive is ready", body = ExportShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No export of the caller's", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(export): Path<ExportId>,
) -> Result<Json<ExportShape>, Error> {
    load(&app, &caller, export).await
}

async fn load(app: &App, caller: &Caller, export: ExportId) -> Result<Json<ExportShape>, Error> {
    let found = exports::find(&mut *app.db.acquire().await?, export, caller.user.id).await?;
    Ok(Json(ExportShape::of(app, &found.ok_or(Error::NotFound)?)))
}
