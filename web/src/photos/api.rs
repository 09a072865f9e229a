//! Photos through the API.

use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, crops, likeness, queries, remixes, steps};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::changes::{self, Changed, Wanted};
use super::fields::Fields;
use super::upload::{self, Once};
use super::{delete as deletion, share as sharing, show as showing, unfiled};
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{self, Path};
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// A submission as multipart/form-data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the handler reads it as it streams in")]
pub struct SubmitBody {
    /// JPEG, PNG, WebP, AVIF or GIF, up to 20 MB. Optional for a draft, and left out for a remix.
    #[schema(value_type = Option<String>, format = Binary)]
    photo: Option<Vec<u8>>,
    /// 1 to 120 characters; optional for a remix.
    title: String,
    /// cat, dog, bird, rabbit, rodent, reptile, horse or other; optional for a remix.
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
    /// Who may comment: registered (the default) or nobody.
    comments: Option<String>,
    /// Whether others may remix it: true or false. Left out, the caller's settings say.
    remixes: Option<String>,
}

/// The query of a submission.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SubmitQuery {
    /// A live photo to remix. The answer is a draft with its picture, which needs no file; fields that are left out are
    /// those of that photo, and the crop is a square of its largest picture.
    #[param(value_type = Option<i64>)]
    from: Option<String>,
}

/// Changes of a photo. Fields that are left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// 1 to 120 characters.
    title: Option<String>,
    /// Up to 500 characters.
    alt: Option<String>,
    /// cat, dog, bird, rabbit, rodent, reptile, horse or other.
    species: Option<String>,
    /// Up to ten, as a list or separated by commas.
    tags: Option<Words>,
    /// `x,y,side` in pixels of the upright original, or of the first picture's largest file. A live photo shows its
    /// picture until the new one is made.
    crop: Option<String>,
    /// The slugs of all hubs that are to show it, as a list or separated by commas.
    hubs: Option<Words>,
    /// Who may comment: registered or nobody.
    comments: Option<String>,
    /// Whether others may remix it.
    remixes: Option<bool>,
}

/// Words as a list, or as a text with commas between them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Words {
    /// A text.
    Text(String),
    /// A list.
    List(Vec<String>),
}

impl Words {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(words) => words.join(","),
        }
    }
}

/// The photo was changed since the caller read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaleShape {
    /// 409.
    pub code: u16,
    /// What to do about it.
    pub message: String,
    /// The photo as it is now.
    pub photo: PhotoShape,
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
#[utoipa::path(post, path = "/photos", tag = "photos", security(("token" = ["submit"])),
    params(SubmitQuery, ("Idempotency-Key" = Option<String>, Header, description = "Names this submission among all of the caller's: \
        a quoted text of 1 to 128 visible ASCII characters, such as a UUID. Kept as long as the photo")),
    request_body(content = SubmitBody, content_type = "multipart/form-data"), responses(
    (status = 202, description = "Accepted", body = SubmittedShape),
    (status = 400, description = "A field or the file is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered, or not a member of a hub, or remixes are not allowed",
        body = ErrorShape),
    (status = 404, description = "No such photo to remix, or not live", body = ErrorShape),
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
    Query(query): Query<SubmitQuery>,
    request: Request,
) -> Result<(StatusCode, Json<SubmittedShape>), Error> {
    limits::count(&app, Limited::Upload, client.counted()).await?;
    let visitor = caller.visitor();
    let mut fields = Fields::default();
    let submitted = if let Some(from) = query.from {
        let message = || "Write from as the number of a photo, as in from=12.".to_owned();
        let from =
            from.parse().map(PhotoId).map_err(|_| Error::Field { field: "from", message: message() })?;
        read_remix(&app, request, &mut fields).await?;
        unfiled::remix(&app, &visitor, client, once, from, &fields).await?
    } else {
        let multipart = read_form(&app, request).await?;
        upload::receive(&app, &visitor, client, once, multipart, &mut fields).await?
    };
    let shape = SubmittedShape {
        id: submitted.photo.0,
        state: if submitted.draft { "draft" } else { "processing" },
        url: app.url(&format!("/photos/{}", submitted.photo)),
    };
    Ok((StatusCode::ACCEPTED, Json(shape)))
}

/// Shows a photo. Only its owner and moderators see a photo that isn't live.
#[utoipa::path(get, path = "/photos/{id}", tag = "photos", security((), ("token" = ["read"])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 200, description = "The photo", body = PhotoShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let mut photo = showing::find_visible(&app, &visitor, id).await?;
    changes::touch(&app, visitor.id(), &mut photo).await?;
    let is_own = visitor.id() == photo.owner;
    let knows_all = is_own || visitor.moderates();
    let (version, depth) = (photo.version, photo.depth);
    let mut shape = PhotoShape::of(&app, photo);
    if depth > 0 {
        let credit = remixes::find_credit(&mut *app.db.acquire().await?, id).await?;
        shape.remix_of = credit.map(Into::into);
    }
    if knows_all {
        let mut db = app.db.acquire().await?;
        shape.next_crop = crops::find(&mut db, id).await?.map(|pending| pending.crop.to_string());
        let entries = steps::list(&mut db, id).await?;
        shape = shape.for_owner(entries, queries::find_original_bytes(&mut db, id).await?);
        if is_own {
            shape.same_as = likeness::find_earlier(&mut db, id).await?.map(|photo| photo.0);
        }
    }
    let mut response = Json(shape).into_response();
    if is_own {
        tag(&mut response, version);
    }
    Ok(response)
}

/// Names the version in the answer, for `If-Match`.
fn tag(response: &mut Response, version: i32) {
    if let Ok(value) = format!("\"{version}\"").parse() {
        response.headers_mut().insert(ETAG, value);
    }
}

/// The version in `If-Match`, if there is one. `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<i32>, Error> {
    let Some(header) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    // A proxy that compresses answers makes their tags weak.
    let text = text.strip_prefix("W/").unwrap_or(text);
    let version =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    let malformed =
        || Error::Refused("If-Match must be the photo's version in quotes, as in \"12\".".to_owned());
    version.map(Some).ok_or_else(malformed)
}

async fn read_form(app: &App, request: Request) -> Result<Multipart, Error> {
    let multipart = Multipart::from_request(request, app).await;
    multipart.map_err(|_| Error::Refused("Send the fields as a form: multipart/form-data.".to_owned()))
}

/// Reads what a remix says otherwise than its parent: a form, JSON, or nothing. A file is left unread.
async fn read_remix(app: &App, request: Request, fields: &mut Fields) -> Result<(), Error> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/") {
        let multipart = read_form(app, request).await?;
        let mut upload = None;
        upload::read_parts(app, multipart, fields, &mut upload).await?;
        if let Some(upload) = upload {
            upload.incoming.discard().await.map_err(anyhow::Error::from)?;
        }
    } else if kind.starts_with("application/json") {
        let extract::Json(body) = extract::Json::<ChangeBody>::from_request(request, app).await?;
        *fields = Fields {
            title: body.title.unwrap_or_default(),
            alt: body.alt.unwrap_or_default(),
            species: body.species.unwrap_or_default(),
            tags: body.tags.as_ref().map(Words::text).unwrap_or_default(),
            crop: body.crop.unwrap_or_default(),
            hubs: body.hubs.as_ref().map(Words::text).unwrap_or_default(),
            comments: body.comments.unwrap_or_default(),
            remixes: body.remixes.map(|yes| yes.to_string()).unwrap_or_default(),
            draft: String::new(),
        };
    }
    Ok(())
}

/// Changes a draft or a live photo of the caller's. A live photo keeps what it was as a revision.
#[utoipa::path(patch, path = "/photos/{id}", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The photo's id"),
           ("If-Match" = Option<String>, Header, description = "The photo's version, quoted")),
    request_body = ChangeBody, responses(
    (status = 200, description = "The photo as it is now", body = PhotoShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo, or not a member of a hub", body = ErrorShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
    (status = 409, description = "Changed since it was read, with the photo as it is now; or another live photo of the \
        caller has that title, with its URL; or it can't be changed in its state", body = StaleShape),
))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
    headers: HeaderMap,
    extract::Json(body): extract::Json<ChangeBody>,
) -> Result<Response, Error> {
    let version = if_match(&headers)?;
    let (tags, hubs) = (body.tags.as_ref().map(Words::text), body.hubs.as_ref().map(Words::text));
    let wanted = Wanted {
        title: body.title.as_deref(),
        alt: body.alt.as_deref(),
        species: body.species.as_deref(),
        tags: tags.as_deref(),
        crop: body.crop.as_deref(),
        hubs: hubs.as_deref(),
        comments: body.comments.as_deref(),
        remixes: body.remixes,
    };
    let changed = changes::change(&app, &caller.visitor(), id, wanted, version).await?;
    let photo = find_now(&app, id).await?;
    let version = photo.version;
    let mut shape = PhotoShape::of(&app, photo);
    shape.next_crop =
        crops::find(&mut *app.db.acquire().await?, id).await?.map(|pending| pending.crop.to_string());
    let mut response = match changed {
        Changed::Done => Json(shape).into_response(),
        Changed::Stale => {
            let message = "This photo has been changed since you read it. Compare it and send your change again with \
                           its version.";
            let stale = StaleShape { code: 409, message: message.to_owned(), photo: shape };
            (StatusCode::CONFLICT, Json(stale)).into_response()
        }
    };
    tag(&mut response, version);
    Ok(response)
}

/// Publishes a draft of the caller's. Within seconds it is live, or failed with a reason. A photo that was published
/// before is left alone.
#[utoipa::path(post, path = "/photos/{id}/publish", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 200, description = "The photo as it is now", body = PhotoShape),
    (status = 400, description = "The draft has no picture", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered, or it is somebody else's photo", body = ErrorShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
    (status = 409, description = "Another live photo of the caller has that title, with its URL", body = ErrorShape),
))]
pub async fn publish(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
) -> Result<Json<PhotoShape>, Error> {
    changes::publish(&app, &caller.visitor(), id).await?;
    Ok(Json(PhotoShape::of(&app, find_now(&app, id).await?)))
}

/// The photo after a change, from the database.
async fn find_now(app: &App, id: PhotoId) -> Result<Photo, Error> {
    queries::find(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)
}

/// Deletes a photo. Only its owner and moderators may.
#[utoipa::path(delete, path = "/photos/{id}", tag = "photos",
    security(("token" = ["submit"]), ("token" = ["moderate"])),
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
#[utoipa::path(post, path = "/photos/{id}/shares", tag = "photos", security((), ("token" = ["submit"])),
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
