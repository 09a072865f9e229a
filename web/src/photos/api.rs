//! Photos through the API.

use axum::Json;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{likeness, queries, steps};
use serde::Serialize;
use utoipa::ToSchema;

use super::upload::{self, Fields, Once};
use super::{delete as deletion, share as sharing, show as showing};
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// A submission as multipart/form-data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the handler reads it as it streams in")]
pub struct SubmitBody {
    /// JPEG, PNG, WebP, AVIF or GIF, up to 20 MB.
    #[schema(value_type = String, format = Binary)]
    photo: Vec<u8>,
    /// 1 to 120 characters.
    title: String,
    /// cat, dog, bird, rabbit, rodent, reptile, horse or other.
    species: String,
    /// Up to 500 characters.
    alt: Option<String>,
    /// Up to ten, separated by commas.
    tags: Option<String>,
    /// `x,y,side` in pixels of the upright picture; the largest centred square if left out.
    crop: Option<String>,
    /// Any value keeps the photo as a draft instead of publishing it.
    draft: Option<String>,
    /// The slugs of up to ten hubs of the caller's to post it to, separated by commas.
    hubs: Option<String>,
}

/// An accepted submission.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmittedShape {
    /// The photo's id.
    pub id: i64,
    /// processing, or draft.
    pub state: &'static str,
    /// The URL of the photo's page.
    pub url: String,
}

/// A share link.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkShape {
    /// The link. Everybody who follows it may rate the photo.
    pub url: String,
}

/// Submits a photo. Within seconds it is live, or failed with a reason. If the answer is lost, send the same submission
/// again with the same `Idempotency-Key` to get the photo that was created.
#[utoipa::path(post, path = "/photos", tag = "photos", security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this submission among all of the caller's: \
        a quoted text of 1 to 128 visible ASCII characters, such as a UUID. Kept as long as the photo")),
    request_body(content = SubmitBody, content_type = "multipart/form-data"), responses(
    (status = 202, description = "Accepted", body = SubmittedShape),
    (status = 400, description = "A field or the file is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered, or not a member of a hub", body = ErrorShape),
    (status = 413, description = "The file is too large", body = ErrorShape),
    (status = 409, description = "The key was used for another submission", body = ErrorShape),
    (status = 429, description = "Too many uploads", body = ErrorShape),
    (status = 503, description = "The media store is unavailable; Retry-After says when to try again", body = ErrorShape),
    (status = 507, description = "The site is out of space; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn submit(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    once: Once,
    multipart: Multipart,
) -> Result<(StatusCode, Json<SubmittedShape>), Error> {
    limits::count(&app, Limited::Upload, client.counted()).await?;
    let mut fields = Fields::default();
    let submitted = upload::receive(&app, &caller.visitor(), client, once, multipart, &mut fields).await?;
    let shape = SubmittedShape {
        id: submitted.photo.0,
        state: if submitted.draft { "draft" } else { "processing" },
        url: app.url(&format!("/photos/{}", submitted.photo)),
    };
    Ok((StatusCode::ACCEPTED, Json(shape)))
}

/// Shows a photo. Only its owner and moderators see a photo that isn't live.
#[utoipa::path(get, path = "/photos/{id}", tag = "photos", security((), ("token" = [])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 200, description = "The photo", body = PhotoShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(id): Path<PhotoId>,
) -> Result<Json<PhotoShape>, Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let photo = showing::find_visible(&app, &visitor, id).await?;
    let is_own = visitor.id() == photo.owner;
    let knows_all = is_own || visitor.moderates();
    let mut shape = PhotoShape::of(&app, photo);
    if knows_all {
        let mut db = app.db.acquire().await?;
        let entries = steps::list(&mut db, id).await?;
        shape = shape.for_owner(entries, queries::find_original_bytes(&mut db, id).await?);
        if is_own {
            shape.same_as = likeness::find_earlier(&mut db, id).await?.map(|photo| photo.0);
        }
    }
    Ok(Json(shape))
}

/// Deletes a photo. Only its owner and moderators may.
#[utoipa::path(delete, path = "/photos/{id}", tag = "photos", security(("token" = [])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 204, description = "Gone"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo", body = ErrorShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
) -> Result<StatusCode, Error> {
    deletion::remove(&app, &caller.visitor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Creates a share link.
#[utoipa::path(post, path = "/photos/{id}/shares", tag = "photos", security((), ("token" = [])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 201, description = "The link", body = LinkShape),
    (status = 404, description = "No such photo, or not live", body = ErrorShape),
    (status = 429, description = "Too many links without a token", body = ErrorShape),
))]
pub async fn share(
    State(app): State<App>,
    caller: Option<Caller>,
    client: Client,
    Path(id): Path<PhotoId>,
) -> Result<(StatusCode, Json<LinkShape>), Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let url = sharing::make_link(&app, &visitor, client, id).await?;
    Ok((StatusCode::CREATED, Json(LinkShape { url })))
}
