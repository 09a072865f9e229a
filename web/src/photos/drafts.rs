//! The visitor's own drafts.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::Utc;
use pawdium_media::{Format, MAGIC};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, drafts, expiry, queries};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

use super::changes;
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Picture;
use crate::views::drafts::{DraftCard, DraftsPage, days_left};

/// The caller's drafts.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftsShape {
    /// The drafts; those that expire first come first.
    pub data: Vec<PhotoShape>,
}

/// `GET /drafts`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    if viewing.visitor.user.is_none() {
        return Ok(Redirect::to("/login?next=%2Fdrafts").into_response());
    }
    let found = queries::list_drafts(&mut *app.db.acquire().await?, viewing.visitor.id()).await?;
    let with_original = with_original(&app, &found).await?;
    let (days, now) = (app.config.upkeep.draft_days, Utc::now());
    let card = |photo: Photo| DraftCard {
        id: photo.id.0,
        has_original: with_original.contains(&photo.id),
        picture: Picture::of(&photo),
        species: photo.species.name().to_owned(),
        is_remix: photo.depth > 0,
        expires_at: expiry::expires_at(photo.touched_at, days),
        days_left: days_left(expiry::expires_at(photo.touched_at, days), now),
        title: photo.title,
    };
    let page = DraftsPage {
        may_publish: viewing.visitor.member().is_ok(),
        chrome: viewing.chrome,
        drafts: found.into_iter().map(card).collect(),
        days: days.into(),
    };
    Ok(Page(page).into_response())
}

/// Those of these drafts that have an original.
async fn with_original(app: &App, photos: &[Photo]) -> Result<Vec<PhotoId>, Error> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.id).collect();
    Ok(drafts::list_with_original(&mut *app.db.acquire().await?, &ids).await?)
}

/// `GET /photos/{photo}/original`: the upload of a draft, for its owner, who chooses the crop. It is sent as nothing
/// but a picture.
pub async fn original(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    let photo = changes::find_own(&app, &visitor, id).await.map_err(|_| Error::NotFound)?;
    let key = drafts::find_original(&mut *app.db.acquire().await?, photo.id).await?.ok_or(Error::NotFound)?;
    let key = key.parse().map_err(anyhow::Error::from)?;
    let file = app.store.open_original(&key).await.map_err(anyhow::Error::from)?.ok_or(Error::NotFound)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut head = Vec::with_capacity(MAGIC);
    (&mut file).take(MAGIC as u64).read_to_end(&mut head).await.map_err(anyhow::Error::from)?;
    file.rewind().await.map_err(anyhow::Error::from)?;
    let kind = match Format::of(&head) {
        Some(Format::Jpeg) => "image/jpeg",
        Some(Format::Png) => "image/png",
        Some(Format::WebP) => "image/webp",
        Some(Format::Gif) => "image/gif",
        Some(Format::Avif) => "image/avif",
        None => return Err(Error::NotFound),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

/// Lists the caller's drafts. A draft is deleted when its owner hasn't opened or changed it for as long as the site
/// keeps drafts; `expires_at` says when.
#[utoipa::path(get, path = "/users/me/drafts", tag = "photos", security(("token" = ["read"])), responses(
    (status = 200, description = "The drafts", body = DraftsShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<DraftsShape>, Error> {
    let found = queries::list_drafts(&mut *app.db.acquire().await?, caller.user.id).await?;
    Ok(Json(DraftsShape { data: found.into_iter().map(|photo| PhotoShape::of(&app, photo)).collect() }))
}

/// Keeps a draft of the caller's: its time starts anew.
#[utoipa::path(post, path = "/photos/{id}/keep", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 200, description = "The draft", body = PhotoShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "No draft of the caller's", body = ErrorShape),
))]
pub async fn keep(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
) -> Result<(StatusCode, Json<PhotoShape>), Error> {
    changes::keep(&app, &caller.visitor(), id).await?;
    let photo = queries::find(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
    Ok((StatusCode::OK, Json(PhotoShape::of(&app, photo))))
}
