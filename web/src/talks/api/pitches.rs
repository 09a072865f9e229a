//! Pitching, editing and withdrawing talks through the API.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::ids::{CallId, PhotoId, TalkId};
use pawdium_shared::talks::{TalkState, lists};
use serde::Deserialize;
use utoipa::ToSchema;

use super::nullable;
use super::shapes::TalkShape;
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::{Json, Path};
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::talks::access::{find_call, find_talk};
use crate::talks::acts::{self, WantedTalk};

/// A talk, or its changes. Fields that are left out are empty, or keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TalkBody {
    /// 1 to 120 characters. A new talk needs it. An author can't pitch the same title twice.
    title: Option<String>,
    /// What it is about, in Markdown, up to 2,000 characters.
    description: Option<String>,
    /// The id of a live photo of the caller's; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    photo: Option<Option<PhotoId>>,
}

impl TalkBody {
    fn wanted(&self) -> WantedTalk<'_> {
        WantedTalk {
            title: self.title.as_deref(),
            description: self.description.as_deref(),
            photo: self.photo,
        }
    }
}

/// Pitches a talk. For members of the hub, in the phase `pitch`.
#[utoipa::path(post, path = "/calls/{id}/talks", tag = "talks",
    security(("token" = ["submit"])), request_body = TalkBody,
    params(("id" = i64, Path, description = "The call")), responses(
    (status = 201, description = "The talk", body = TalkShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Not a member, not in this phase, or the hub is archived", body = ErrorShape),
    (status = 404, description = "There is no such call, or its hub is private", body = ErrorShape),
    (status = 409, description = "The caller has a talk with that title in the call", body = ErrorShape),
))]
pub async fn pitch(
    State(app): State<App>,
    caller: Caller,
    Path(call): Path<CallId>,
    Json(body): Json<TalkBody>,
) -> Result<(StatusCode, Answer<TalkShape>), Error> {
    let visitor = caller.visitor();
    find_call(&app, &visitor, call).await?;
    let talk = acts::pitch_talk(&app, &visitor, call, body.wanted()).await?;
    Ok((StatusCode::CREATED, Answer(shape(&app, &visitor, talk).await?)))
}

/// Edits a talk. For its author, until voting begins.
#[utoipa::path(patch, path = "/talks/{id}", tag = "talks", security(("token" = ["submit"])), request_body = TalkBody,
    params(("id" = i64, Path, description = "The talk")), responses(
    (status = 200, description = "The talk as it is now", body = TalkShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's talk, too late, or the hub is archived", body = ErrorShape),
    (status = 404, description = "There is no such talk, or its hub is private", body = ErrorShape),
    (status = 409, description = "The caller has a talk with that title in the call", body = ErrorShape),
))]
pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(talk): Path<TalkId>,
    Json(body): Json<TalkBody>,
) -> Result<Answer<TalkShape>, Error> {
    let visitor = caller.visitor();
    let (found, _) = find_talk(&app, &visitor, talk).await?;
    if found.state == TalkState::Withdrawn {
        return Err(Error::NotFound);
    }
    acts::edit_talk(&app, &visitor, talk, body.wanted()).await?;
    Ok(Answer(shape(&app, &visitor, talk).await?))
}

/// Withdraws a talk. For its author, until voting begins. Twice is once.
#[utoipa::path(delete, path = "/talks/{id}", tag = "talks", security(("token" = ["submit"]), ("token" = ["moderate"])),
    params(("id" = i64, Path, description = "The talk")), responses(
    (status = 204, description = "It is withdrawn"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's talk, too late, or the hub is archived", body = ErrorShape),
    (status = 404, description = "There is no such talk, or its hub is private", body = ErrorShape),
))]
pub async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Path(talk): Path<TalkId>,
) -> Result<StatusCode, Error> {
    let visitor = caller.visitor();
    find_talk(&app, &visitor, talk).await?;
    acts::withdraw_talk(&app, &visitor, talk).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shape(app: &App, visitor: &Visitor, talk: TalkId) -> Result<TalkShape, Error> {
    let (_, seen) = find_talk(app, visitor, talk).await?;
    let row = lists::find_for(&mut *app.db.acquire().await?, &seen.call, talk, &seen.viewer).await?;
    Ok(TalkShape::of(row.ok_or(Error::NotFound)?))
}
