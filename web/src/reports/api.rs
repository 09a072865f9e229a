//! Reports through the API.

use axum::Json as Answer;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use pawdium_shared::ids::{CommentId, PhotoId, TalkId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::target::Target;
use super::{acts, target};
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::state::App;

/// A report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// spam, not-an-animal, hurtful, illegal, stolen or other.
    #[schema(example = "spam")]
    category: Option<String>,
    /// The same in words: up to 1,000 characters of plain text.
    text: Option<String>,
}

/// A report that was filed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportShape {
    /// The report's id.
    pub id: i64,
}

/// Files the report. 201 for a new one, 200 for the caller's open one about the same thing, which stays as it is.
async fn file(
    app: &App,
    caller: &Caller,
    target: &Target,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    let Json(body) = body?;
    let (category, text) = (body.category.unwrap_or_default(), body.text.unwrap_or_default());
    let filed = acts::file(app, &caller.visitor(), target.thing, &category, &text).await?;
    let status = if filed.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Answer(ReportShape { id: filed.id.0 })))
}

/// Reports a photo to the moderators. For registered members, ten an hour.
#[utoipa::path(post, path = "/photos/{id}/reports", tag = "reports", security(("token" = ["submit"])),
    request_body = ReportBody, params(("id" = i64, Path, description = "The photo")), responses(
    (status = 201, description = "The report", body = ReportShape),
    (status = 200, description = "The caller's open report of the same photo", body = ReportShape),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or it is their own", body = ErrorShape),
    (status = 404, description = "There is no such photo, or the caller may not see it", body = ErrorShape),
    (status = 429, description = "Too many reports; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn photo(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    caller.visitor().member()?;
    let target = target::photo(&app, &caller.visitor(), id).await?;
    file(&app, &caller, &target, body).await
}

/// Reports a comment to the moderators. For registered members who can read it, ten an hour.
#[utoipa::path(post, path = "/comments/{id}/reports", tag = "reports", security(("token" = ["submit"])),
    request_body = ReportBody, params(("id" = i64, Path, description = "The comment")), responses(
    (status = 201, description = "The report", body = ReportShape),
    (status = 200, description = "The caller's open report of the same comment", body = ReportShape),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or it is their own", body = ErrorShape),
    (status = 404, description = "There is no such comment, or the caller can't read it", body = ErrorShape),
    (status = 429, description = "Too many reports; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn comment(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<CommentId>,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    caller.visitor().member()?;
    let target = target::comment(&app, &caller.visitor(), id).await?;
    file(&app, &caller, &target, body).await
}

/// Reports a talk to the moderators. For registered members, ten an hour.
#[utoipa::path(post, path = "/talks/{id}/reports", tag = "reports", security(("token" = ["submit"])),
    request_body = ReportBody, params(("id" = i64, Path, description = "The talk")), responses(
    (status = 201, description = "The report", body = ReportShape),
    (status = 200, description = "The caller's open report of the same talk", body = ReportShape),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or it is their own", body = ErrorShape),
    (status = 404, description = "There is no such talk, or the caller may not see it", body = ErrorShape),
    (status = 429, description = "Too many reports; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn talk(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TalkId>,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    caller.visitor().member()?;
    let target = target::talk(&app, &caller.visitor(), id).await?;
    file(&app, &caller, &target, body).await
}

/// Reports a hub to the moderators. For registered members, ten an hour.
#[utoipa::path(post, path = "/hubs/{slug}/reports", tag = "reports", security(("token" = ["submit"])),
    request_body = ReportBody, params(("slug" = String, Path, description = "The hub")), responses(
    (status = 201, description = "The report", body = ReportShape),
    (status = 200, description = "The caller's open report of the same hub", body = ReportShape),
    (status = 308, description = "The hub has another slug now"),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or owns the hub", body = ErrorShape),
    (status = 404, description = "There is no such hub, or the caller may not see it", body = ErrorShape),
    (status = 429, description = "Too many reports; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn hub(
    State(app): State<App>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Path(slug): Path<String>,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    caller.visitor().member()?;
    let target = target::hub(&app, &caller.visitor(), &slug, &uri).await?;
    file(&app, &caller, &target, body).await
}

/// Reports a member to the moderators. For registered members, ten an hour.
#[utoipa::path(post, path = "/users/{name}/reports", tag = "reports", security(("token" = ["submit"])),
    request_body = ReportBody, params(("name" = String, Path, description = "The member")), responses(
    (status = 201, description = "The report", body = ReportShape),
    (status = 200, description = "The caller's open report of the same member", body = ReportShape),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or is the member", body = ErrorShape),
    (status = 404, description = "There is no such member", body = ErrorShape),
    (status = 429, description = "Too many reports; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn member(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    body: Result<Json<ReportBody>, Error>,
) -> Result<(StatusCode, Answer<ReportShape>), Error> {
    caller.visitor().member()?;
    let target = target::member(&app, &name).await?;
    file(&app, &caller, &target, body).await
}
