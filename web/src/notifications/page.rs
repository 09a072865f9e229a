//! A member's notifications.

use axum::Json;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{NotificationId, UserId};
use pawdium_shared::notifications::{self, Entry};
use serde::{Deserialize, Serialize};

use crate::error::{Error, prefers_json};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Bell;
use crate::views::notifications::{NotificationLine, NotificationList, NotificationsPage};

/// Entries on a page.
const PER_PAGE: i64 = 30;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// The last entry before those on this page.
    before: String,
}

/// `GET /notifications`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Fnotifications").into_response());
    };
    let list = load(&app, member.id, query.before.parse().ok()).await?;
    Ok(Page(NotificationsPage { chrome: viewing.chrome, list }).into_response())
}

/// `GET /notifications/part`: the part that a live refresh fetches.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<PageQuery>,
) -> Result<Page<NotificationList>, Error> {
    Ok(Page(load(&app, visitor.member()?.id, query.before.parse().ok()).await?))
}

async fn load(app: &App, user: UserId, before: Option<NotificationId>) -> Result<NotificationList, Error> {
    let mut db = app.db.acquire().await?;
    let mut entries = notifications::list(&mut db, user, before, PER_PAGE + 1).await?;
    let is_more = i64::try_from(entries.len()).is_ok_and(|length| length > PER_PAGE);
    entries.truncate(usize::try_from(PER_PAGE).unwrap_or(usize::MAX));
    Ok(NotificationList {
        unread: notifications::count_unread(&mut db, user).await?,
        latest: entries.first().map_or(0, |entry| entry.id.0),
        before: before.map(|before| before.0),
        older: entries.last().filter(|_| is_more).map(|entry| entry.id.0),
        lines: entries.iter().map(line).collect(),
    })
}

fn line(entry: &Entry) -> NotificationLine {
    NotificationLine {
        id: entry.id.0,
        kind: entry.kind,
        text: entry.sentence(),
        path: entry.path(),
        at: entry.at,
        is_read: entry.is_read,
    }
}

/// How many entries are unread.
#[derive(Debug, Serialize)]
pub struct Unread {
    /// How many, up to 100.
    unread: i64,
    /// As it is shown; empty for none.
    shown: String,
}

impl Unread {
    async fn of(app: &App, user: UserId) -> Result<Self, Error> {
        let unread = notifications::count_unread(&mut *app.db.acquire().await?, user).await?;
        Ok(Self { unread, shown: Bell { user: user.0, unread }.shown() })
    }
}

/// `GET /notifications/unread`: the number in the header, for its script.
pub async fn unread(State(app): State<App>, visitor: Visitor) -> Result<Json<Unread>, Error> {
    Ok(Json(Unread::of(&app, visitor.member()?.id).await?))
}

/// The form that marks entries as read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReadForm {
    /// The latest that the member has seen.
    until: String,
    /// Any value marks only the entry of that one.
    only: String,
}

/// `POST /notifications/read`. A script gets the number in the header as JSON.
pub async fn read(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<ReadForm>,
) -> Result<Response, Error> {
    let user = visitor.member()?.id;
    let until = form
        .until
        .parse()
        .map_err(|_| Error::Field { field: "until", message: "Give the id of a notification.".to_owned() })?;
    mark(&app, user, until, !form.only.is_empty()).await?;
    if prefers_json(&headers) {
        return Ok(Json(Unread::of(&app, user).await?).into_response());
    }
    Ok(Redirect::to("/notifications").into_response())
}

/// Marks a member's notifications up to one as read, or only that one's entry.
pub(super) async fn mark(app: &App, user: UserId, until: NotificationId, only: bool) -> Result<(), Error> {
    retry_conflicts(async || -> Result<(), Error> {
        let mut tx = app.db.begin().await?;
        notifications::mark_read(&mut tx, user, until, only).await?;
        Ok(tx.commit().await?)
    })
    .await
}
