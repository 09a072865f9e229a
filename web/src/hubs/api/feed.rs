//! The feed through the API.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use pawdium_shared::hubs::feed;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::hubs::feed::show as entries_of;
use crate::state::App;
use crate::views::feed::FeedEntry;

/// The caller's feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedShape {
    /// At most 100 entries, the latest first.
    pub data: Vec<FeedEntryShape>,
}

/// Something that happened in a hub, or several of the same kind within an hour.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedEntryShape {
    /// Its id, which stays the same when more of the same kind happen.
    pub id: i64,
    /// What was done.
    #[schema(example = "posted")]
    pub verb: &'static str,
    /// The whole as a sentence.
    #[schema(example = "Ada and 3 others joined Sleepy cats")]
    pub text: String,
    /// Where.
    pub hub: FeedHubShape,
    /// The public names of those who did it, the latest first.
    pub actors: Vec<String>,
    /// The ids of up to four of the photos that were posted, the latest first.
    pub photos: Vec<i64>,
    /// The number of photos that were posted.
    pub photo_count: usize,
    /// When the first happened.
    pub since: DateTime<Utc>,
    /// When the last happened.
    pub at: DateTime<Utc>,
}

/// The hub of an entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedHubShape {
    /// Its name.
    pub name: String,
    /// The URL of its page.
    pub url: String,
}

/// Lists what happened in the hubs that the caller is subscribed to or a member of.
#[utoipa::path(get, path = "/users/me/feed", tag = "hubs", security(("token" = ["read"])), responses(
    (status = 200, description = "The feed", body = FeedShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn show(State(app): State<App>, caller: Caller) -> Result<Json<FeedShape>, Error> {
    let activities = feed::list_followed(&mut *app.db.acquire().await?, caller.user.id).await?;
    let entries = entries_of(&app, activities).await?;
    Ok(Json(FeedShape { data: entries.into_iter().map(|entry| FeedEntryShape::of(&app, entry)).collect() }))
}

impl FeedEntryShape {
    fn of(app: &App, entry: FeedEntry) -> Self {
        Self {
            id: entry.id,
            verb: entry.verb.name(),
            text: entry.text(),
            hub: FeedHubShape { url: app.url(&entry.path), name: entry.hub },
            actors: entry.actors,
            photos: entry.photos.iter().map(|photo| photo.id).collect(),
            photo_count: entry.photo_count,
            since: entry.since,
            at: entry.at,
        }
    }
}
