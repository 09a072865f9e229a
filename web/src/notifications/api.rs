//! Notifications through the API.

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use pawdium_shared::ids::NotificationId;
use pawdium_shared::notifications::{self, Entry};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::mark;
use crate::api::caller::Caller;
use crate::api::paging::{given, number};
use crate::api::shapes::{ErrorShape, NextShape};
use crate::error::Error;
use crate::http::extract::read_optional;
use crate::state::App;

/// Selects a page of the notifications.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct NotificationParams {
    /// The `next` of the page before; the first page if left out.
    before: Option<String>,
    /// Entries per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

/// A member whom a notification is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorShape {
    /// The member's id.
    pub id: i64,
    /// The public name.
    pub name: String,
}

/// A photo that a notification is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct TitledShape {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
}

/// A hub that a notification is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedHubShape {
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
}

/// An entry: one notification, or several that are alike and were read at the same time or are unread.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationShape {
    /// The id of the latest of them.
    pub id: i64,
    /// comment, reply, remix, milestone, hub_asked, hub_answered, report_judged, quarantined, export_ready or
    /// import_done; later versions may have more.
    #[schema(example = "comment")]
    pub kind: &'static str,
    /// What has happened, in English.
    pub text: String,
    /// How many they are.
    pub count: i64,
    /// Who did the latest; null if nobody did.
    pub actor: Option<ActorShape>,
    /// How many different people did them.
    pub actors: i64,
    /// The photo that they are about, if they are.
    pub photo: Option<TitledShape>,
    /// The latest comment that they are about, if they are.
    pub comment: Option<i64>,
    /// The hub that they are about, if they are.
    pub hub: Option<NamedHubShape>,
    /// Of a milestone, the number of ratings; of hub_answered, 1 if the request was accepted and 0 if not; of
    /// import_done, the import's id.
    pub number: Option<i64>,
    /// When the latest happened.
    pub created_at: DateTime<Utc>,
    /// Whether it is read.
    pub read: bool,
}

impl From<Entry> for NotificationShape {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.0,
            kind: entry.kind.name(),
            text: entry.sentence(),
            count: entry.count,
            actor: entry.actor.map(|actor| ActorShape { id: actor.id.0, name: actor.name }),
            actors: entry.actors,
            photo: entry.photo.map(|photo| TitledShape { id: photo.id.0, title: photo.name }),
            comment: entry.comment.map(|comment| comment.0),
            hub: entry.hub.map(|hub| NamedHubShape { slug: hub.id, name: hub.name }),
            number: entry.number,
            created_at: entry.at,
            read: entry.is_read,
        }
    }
}

/// A page of the caller's notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationListShape {
    /// The entries, the latest first.
    pub data: Vec<NotificationShape>,
    /// How many entries are unread, up to 100.
    pub unread: i64,
    /// How to go on.
    pub paging: NextShape,
}

/// What to mark as read.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadBody {
    /// The latest notification that the caller has seen; all if left out.
    #[schema(value_type = Option<i64>)]
    until: Option<NotificationId>,
}

/// What is left to read.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadShape {
    /// How many entries are unread, up to 100.
    pub unread: i64,
}

/// Lists the caller's notifications.
#[utoipa::path(get, path = "/users/me/notifications", tag = "notifications", security(("token" = ["read"])),
    params(NotificationParams), responses(
    (status = 200, description = "A page of the notifications", body = NotificationListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<NotificationParams>,
) -> Result<Answer<NotificationListShape>, Error> {
    let limit = number("limit", params.limit.as_ref(), 25, 100)?;
    let before = given(params.before.as_ref()).map(str::parse).transpose().map_err(|_| Error::Field {
        field: "before",
        message: "Give the paging.next of another page.".to_owned(),
    })?;
    let mut db = app.db.acquire().await?;
    let mut entries = notifications::list(&mut db, caller.user.id, before, limit + 1).await?;
    let is_more = i64::try_from(entries.len()).is_ok_and(|length| length > limit);
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = entries.last().filter(|_| is_more).map(|last| last.id.to_string());
    Ok(Answer(NotificationListShape {
        data: entries.into_iter().map(NotificationShape::from).collect(),
        unread: notifications::count_unread(&mut db, caller.user.id).await?,
        paging: NextShape { next },
    }))
}

/// Marks the caller's notifications as read.
#[utoipa::path(post, path = "/users/me/notifications/read", tag = "notifications", security(("token" = ["submit"])),
    request_body = Option<ReadBody>, responses(
    (status = 200, description = "What is left to read", body = UnreadShape),
    (status = 400, description = "The body is malformed", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn read(State(app): State<App>, caller: Caller, body: Bytes) -> Result<Answer<UnreadShape>, Error> {
    let body: ReadBody = read_optional(&body)?;
    let until = body.until.unwrap_or(NotificationId(i64::MAX));
    mark(&app, caller.user.id, until, false).await?;
    let unread = notifications::count_unread(&mut *app.db.acquire().await?, caller.user.id).await?;
    Ok(Answer(UnreadShape { unread }))
}
