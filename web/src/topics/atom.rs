//! A topic's feed.

use askama::Template as _;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use pawdium_shared::paging::PageOf;
use pawdium_shared::photos::Photo;
use pawdium_shared::topics::Order;
use pawdium_shared::topics::cached::TopicPhotos;

use super::find::find_at;
use crate::error::Error;
use crate::http::extract::Path;
use crate::hubs::atom::{answer, tag};
use crate::ranking::lists;
use crate::state::App;
use crate::views::Picture;
use crate::views::atom::{AtomEntry, AtomFeed};
use crate::views::topics::PhotoContent;

/// Photos in a feed, the latest.
const ENTRIES: i64 = 30;

/// `GET /topics/{tag}/feed.atom`
pub async fn feed(
    State(app): State<App>,
    Path(word): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Error> {
    let topic = find_at(&app, &word, &uri).await?;
    let list = TopicPhotos { topic: topic.id, order: Order::New };
    let photos = lists::read(&app, list, PageOf { page: 1, limit: ENTRIES }).await?.photos;
    let path = pawdium_shared::topics::path(&topic.key);
    let entries = photos.iter().map(|photo| entry(&app, photo)).collect::<Result<Vec<_>, _>>()?;
    answer(&AtomFeed {
        // Its address may change.
        id: format!("{}#{}", app.url("/topics"), topic.id),
        title: topic.name,
        summary: String::new(),
        own: app.url(&format!("{path}/feed.atom")),
        page: app.url(&path),
        updated: photos.iter().map(|photo| photo.created_at).max().unwrap_or_default(),
        entries,
    })
}

fn entry(app: &App, photo: &Photo) -> Result<AtomEntry, Error> {
    let content = PhotoContent {
        base: app.url(""),
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        picture: Picture::of(photo),
    };
    Ok(AtomEntry {
        id: tag(app, photo.created_at, &format!("photo/{}", photo.id)),
        title: photo.title.clone(),
        author: photo.owner_name.clone().unwrap_or_else(|| "anonymous".to_owned()),
        page: app.url(&format!("/photos/{}", photo.id)),
        since: photo.created_at,
        at: photo.created_at,
        content: content.render().map_err(anyhow::Error::from)?,
    })
}
