//! Comments through the API.

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use pawdium_shared::comments::{Comment, CommentState, Position, lists};
use pawdium_shared::ids::{CommentId, PhotoId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{find_comment, find_comments};
use super::acts;
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::{ErrorShape, NextShape};
use crate::error::Error;
use crate::http::extract::{Json, Path, read_optional};
use crate::http::visitor::Visitor;
use crate::state::App;

/// A new comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentBody {
    /// 1 to 2,000 characters of plain text.
    text: Option<String>,
    /// The comment on the same photo that it answers. A reply to a reply belongs beside it: its `parent` is the first
    /// comment of the thread.
    #[schema(value_type = Option<i64>)]
    parent: Option<CommentId>,
}

/// The new text of a comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditBody {
    /// 1 to 2,000 characters of plain text.
    text: Option<String>,
}

/// Why a moderator removes somebody's comment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveBody {
    /// 1 to 500 characters, for the audit log.
    reason: Option<String>,
}

/// Selects a page of the comments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CommentParams {
    /// The `next` of the page before; the first page if left out.
    after: Option<String>,
    /// Comments per page, 1 to 100; 50 if left out.
    limit: Option<String>,
}

/// Who wrote a comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorShape {
    /// The member's id.
    pub id: i64,
    /// The public name.
    pub name: String,
}

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentShape {
    /// The comment's id.
    pub id: i64,
    /// Who wrote it; null if it is removed.
    pub author: Option<AuthorShape>,
    /// The text; empty if it is removed.
    pub text: String,
    /// The comment that it answers; null if it answers none.
    pub parent: Option<i64>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When its author last changed it; null if never.
    pub edited_at: Option<DateTime<Utc>>,
    /// Whether it waits for a moderator. Only its author and moderators see it then.
    pub held: bool,
    /// Whether it is removed. It is listed as long as it has replies.
    pub removed: bool,
}

impl CommentShape {
    fn of(comment: Comment) -> Self {
        Self {
            id: comment.id.0,
            author: comment.author.map(|author| AuthorShape { id: author.id.0, name: author.name }),
            text: comment.text,
            parent: comment.parent.map(|parent| parent.0),
            created_at: comment.created_at,
            edited_at: comment.edited_at,
            held: comment.state == CommentState::Held,
            removed: comment.state == CommentState::Removed,
        }
    }
}

/// A page of the comments on a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentListShape {
    /// The newest threads first, and in each the oldest comment.
    pub data: Vec<CommentShape>,
    /// How to go on.
    pub paging: NextShape,
    /// Whether others' comments are withheld, because the caller hasn't rated the photo.
    pub withheld: bool,
}

fn missing() -> Error {
    Error::Field { field: "text", message: "comment must include a text field".to_owned() }
}

/// Lists the comments on a photo. Who hasn't rated it sees only their own, unless they own it or moderate.
#[utoipa::path(get, path = "/photos/{id}/comments", tag = "comments", security((), ("token" = ["read"])),
    params(("id" = i64, Path, description = "The photo"), CommentParams), responses(
    (status = 200, description = "A page of the comments", body = CommentListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
    (status = 404, description = "There is no such photo, or it isn't live", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(id): Path<PhotoId>,
    Query(params): Query<CommentParams>,
) -> Result<Answer<CommentListShape>, Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let seen = find_comments(&app, &visitor, id).await?;
    let limit = number("limit", params.limit.as_ref(), 50, 100)?;
    let after = match given(params.after.as_ref()) {
        Some(text) => text.parse().map_err(|_| Error::Field {
            field: "after",
            message: "Give the paging.next of another page.".to_owned(),
        })?,
        None => Position::BEGIN,
    };
    let mut db = app.db.acquire().await?;
    let mut found = lists::list(&mut db, id, seen.viewer, (after, Position::END), limit + 1).await?;
    let is_more = i64::try_from(found.len()).is_ok_and(|length| length > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| is_more).map(|last| last.position().to_string());
    Ok(Answer(CommentListShape {
        data: found.into_iter().map(CommentShape::of).collect(),
        paging: NextShape { next },
        withheld: !seen.viewer.knows,
    }))
}

/// Comments on a photo. For registered members, three at once and then one in 20 seconds. A comment may wait for a
/// moderator (`held`).
#[utoipa::path(post, path = "/photos/{id}/comments", tag = "comments", security(("token" = ["submit"])),
    request_body = CommentBody, params(("id" = i64, Path, description = "The photo")), responses(
    (status = 201, description = "The comment", body = CommentShape),
    (status = 400, description = "A field is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller isn't registered, or the photo takes no comments", body = ErrorShape),
    (status = 404, description = "There is no such photo, or it isn't live", body = ErrorShape),
    (status = 429, description = "Too many comments; Retry-After says when to try again", body = ErrorShape),
))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
    body: Result<Json<CommentBody>, Error>,
) -> Result<(StatusCode, Answer<CommentShape>), Error> {
    let visitor = caller.visitor();
    visitor.member()?;
    find_comments(&app, &visitor, id).await?;
    let Json(body) = body?;
    let text = body.text.ok_or_else(missing)?;
    let comment = acts::post(&app, &visitor, id, &text, body.parent).await?;
    let (comment, _) = find_comment(&app, &visitor, comment).await?;
    Ok((StatusCode::CREATED, Answer(CommentShape::of(comment))))
}

/// Changes a comment. For its author, within 15 minutes.
#[utoipa::path(patch, path = "/comments/{id}", tag = "comments",
    security(("token" = ["submit"])), request_body = EditBody,
    params(("id" = i64, Path, description = "The comment")), responses(
    (status = 200, description = "The comment as it is now", body = CommentShape),
    (status = 400, description = "The text is missing or invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's comment, or too late", body = ErrorShape),
    (status = 404, description = "There is no such comment", body = ErrorShape),
))]
pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<CommentId>,
    body: Result<Json<EditBody>, Error>,
) -> Result<Answer<CommentShape>, Error> {
    let visitor = caller.visitor();
    visitor.member()?;
    let Json(body) = body?;
    acts::edit(&app, &visitor, id, &body.text.ok_or_else(missing)?).await?;
    let (comment, _) = find_comment(&app, &visitor, id).await?;
    Ok(Answer(CommentShape::of(comment)))
}

/// Deletes a comment, for its author, or removes it, for moderators. Its replies stay.
#[utoipa::path(delete, path = "/comments/{id}", tag = "comments",
    security(("token" = ["submit"]), ("token" = ["moderate"])),
    request_body = Option<RemoveBody>, params(("id" = i64, Path, description = "The comment")), responses(
    (status = 200, description = "What is left of it", body = CommentShape),
    (status = 400, description = "The reason is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's comment", body = ErrorShape),
    (status = 404, description = "There is no such comment", body = ErrorShape),
))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<CommentId>,
    body: Bytes,
) -> Result<Answer<CommentShape>, Error> {
    let visitor = caller.visitor();
    visitor.member()?;
    let body: RemoveBody = read_optional(&body)?;
    let comment = match find_comment(&app, &visitor, id).await {
        Ok((comment, _)) => comment,
        Err(Error::NotFound) => {
            // Somebody else's comment, which the caller can't read.
            acts::delete(&app, &visitor, id).await?;
            return Err(Error::NotFound);
        }
        Err(error) => return Err(error),
    };
    if visitor.moderates() && !comment.is_own {
        let reason = body.reason.as_deref().map(acts::reason).transpose()?;
        acts::remove(&app, &visitor, id, reason.as_ref()).await?;
    } else {
        acts::delete(&app, &visitor, id).await?;
    }
    let before = CommentShape::of(comment);
    Ok(Answer(CommentShape {
        author: None,
        text: String::new(),
        edited_at: None,
        held: false,
        removed: true,
        ..before
    }))
}
