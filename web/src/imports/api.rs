//! Imports through the API.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::{Import, ImportFile};
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::{self, Act};
use super::receive::{self, Fields};
use super::{csv, show as showing};
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::photos::upload::Once;
use crate::state::App;

/// An import as multipart/form-data. The archive can be the whole body instead, as application/zip, application/x-tar
/// or application/gzip.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the handler reads it as it streams in")]
pub struct ImportBody {
    /// A zip, tar or tar.gz of up to 2 GB and 10,000 files.
    #[schema(value_type = String, format = Binary)]
    archive: Vec<u8>,
    /// What animal is on pictures that don't say it: cat, dog, bird, rabbit, rodent, reptile, horse or other, which is
    /// the default.
    species: Option<String>,
}

/// An import that was started.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportStartedShape {
    /// The import's id.
    pub id: i64,
    /// The URL of the import's page.
    pub url: String,
}

/// What became of a file of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFileShape {
    /// Its path in the archive.
    pub name: String,
    /// imported, duplicate, refused, failed, cancelled or undone; null while it is open.
    #[schema(example = "imported")]
    pub outcome: Option<&'static str>,
    /// Why it was refused or failed, or why its draft stayed when the import was undone.
    pub reason: Option<String>,
    /// The id of its draft, or of the caller's photo that it is a duplicate of.
    pub photo: Option<i64>,
    /// Whether a file that failed is tried again by itself.
    pub will_retry: bool,
}

impl From<ImportFile> for ImportFileShape {
    fn from(file: ImportFile) -> Self {
        Self {
            outcome: file.outcome(),
            will_retry: file.will_retry(),
            name: file.name,
            reason: file.reason,
            photo: file.photo.map(|photo| photo.0),
        }
    }
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportShape {
    /// Its id.
    pub id: i64,
    /// unpacking, importing, done, refused, cancelled, undoing or undone.
    #[schema(example = "done")]
    pub state: &'static str,
    /// Why the archive was refused.
    pub reason: Option<String>,
    /// The archive's name.
    pub name: String,
    /// The archive's size in bytes.
    pub bytes: i64,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// A receipt for every file, in the order of the archive; none before the archive is read.
    pub files: Vec<ImportFileShape>,
}

impl ImportShape {
    fn of(import: Import, files: Vec<ImportFile>) -> Self {
        Self {
            id: import.id.0,
            state: import.state.name(),
            reason: import.reason,
            name: import.name,
            bytes: import.bytes,
            created_at: import.created_at,
            ended_at: import.ended_at,
            files: files.into_iter().map(Into::into).collect(),
        }
    }
}

/// Imports the pictures of an archive. Each becomes a draft, whose title, description and tags come from descriptions
/// beside it, as Google Takeout and Pawdium's own exports have them, from the picture itself, or from its name. One
/// import can be under way at a time. If the answer is lost, send the same archive again with the same
/// `Idempotency-Key`.
#[utoipa::path(post, path = "/imports", tag = "photos", security(("token" = ["submit"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this import among all of the caller's: \
        a quoted text of 1 to 128 visible ASCII characters, such as a UUID")),
    request_body(content = ImportBody, content_type = "multipart/form-data"), responses(
    (status = 202, description = "Accepted", body = ImportStartedShape),
    (status = 400, description = "No archive, or the species is unknown", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered", body = ErrorShape),
    (status = 409, description = "Another import is under way, or the key was used for another archive", body = ErrorShape),
    (status = 413, description = "The archive is too large", body = ErrorShape),
    (status = 429, description = "Too many imports", body = ErrorShape),
    (status = 503, description = "The media store is unavailable; Retry-After says when to try again", body = ErrorShape),
    (status = 507, description = "The site is out of space; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    once: Once,
    request: Request,
) -> Result<(StatusCode, Json<ImportStartedShape>), Error> {
    let import =
        receive::receive(&app, &caller.visitor(), client, once, request, &mut Fields::default()).await?;
    let url = app.url(&super::list::path(import));
    Ok((StatusCode::ACCEPTED, Json(ImportStartedShape { id: import.0, url })))
}

/// Shows an import of the caller's, with the receipts of all of its files.
#[utoipa::path(get, path = "/imports/{id}", tag = "photos", security(("token" = ["read"])),
    params(("id" = i64, Path, description = "The import's id")), responses(
    (status = 200, description = "The import", body = ImportShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No import of the caller's", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportShape>, Error> {
    Ok(Json(find(&app, &caller, id).await?))
}

async fn find(app: &App, caller: &Caller, id: ImportId) -> Result<ImportShape, Error> {
    let import = showing::find_own(app, &caller.visitor(), id).await?;
    Ok(ImportShape::of(import, csv::all(app, id).await?))
}

/// Cancels an import that is under way. The drafts that it has made stay.
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The import's id")), responses(
    (status = 200, description = "The import as it is now", body = ImportShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No import of the caller's", body = ErrorShape),
))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportShape>, Error> {
    acts::carry_out(&app, &caller.visitor(), id, Act::Cancel).await?;
    Ok(Json(find(&app, &caller, id).await?))
}

/// Tries again what has failed through the site's fault, and what there was no room for.
#[utoipa::path(post, path = "/imports/{id}/retry", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The import's id")), responses(
    (status = 200, description = "The import as it is now", body = ImportShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No import of the caller's", body = ErrorShape),
    (status = 409, description = "Nothing can be tried again, or another import is under way", body = ErrorShape),
))]
pub async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportShape>, Error> {
    acts::carry_out(&app, &caller.visitor(), id, Act::Retry).await?;
    Ok(Json(find(&app, &caller, id).await?))
}

/// Deletes the drafts of an import that has ended, except those that the caller has changed or published since.
#[utoipa::path(post, path = "/imports/{id}/undo", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The import's id")), responses(
    (status = 200, description = "The import as it is now", body = ImportShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No import of the caller's", body = ErrorShape),
    (status = 409, description = "It is under way, or another import is", body = ErrorShape),
))]
pub async fn undo(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Result<Json<ImportShape>, Error> {
    acts::carry_out(&app, &caller.visitor(), id, Act::Undo).await?;
    Ok(Json(find(&app, &caller, id).await?))
}
