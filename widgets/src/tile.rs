//! Photos inside widgets.

use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, PhotoState, queries};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::picture::{Picture, described};

/// A photo in a widget, without its ratings: these change all the time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tile {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; may be empty.
    pub alt: String,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The picture.
    pub picture: Picture,
}

impl Tile {
    /// The tile of a photo.
    #[must_use]
    pub fn of(photo: &Photo) -> Self {
        Self {
            id: photo.id.0,
            title: photo.title.clone(),
            alt: photo.alt.clone(),
            owner: photo.owner_name.clone(),
            picture: Picture::of(photo),
        }
    }

    /// The alternative text.
    #[must_use]
    pub fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// The list of photos that a hub's tiles lead through, for the query `from` of photos' pages. Profiles have no list by
/// score.
#[must_use]
pub fn place(hub: &Hub, by_score: bool) -> String {
    match (&hub.slug, hub.path().strip_prefix("/members/")) {
        (Some(slug), _) if by_score => format!("hub-top:{slug}"),
        (Some(slug), _) => format!("hub:{slug}"),
        (None, name) => format!("member:{}", name.unwrap_or_default()),
    }
}

/// The live ones of these photos, in the same order.
pub async fn tiles(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<Tile>> {
    Ok(list_live(db, photos).await?.iter().map(Tile::of).collect())
}

/// The live ones of these photos with all that is known of them, in the same order.
pub async fn list_live(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<Photo>> {
    let mut found = queries::find_each(db, photos).await?;
    let in_order = photos.iter().filter_map(|photo| found.remove(photo));
    Ok(in_order.filter(|photo| photo.state == PhotoState::Live).collect())
}

/// The events that change which live photos a hub has, or what tiles show of them.
pub const CHANGES_WHICH: &[EventKind] = &[
    EventKind::PhotoPosted,
    EventKind::PhotoPublished,
    EventKind::PhotoChanged,
    EventKind::PhotoRemoved,
    EventKind::MemberChanged,
];

/// Like [`CHANGES_WHICH`], and the events that change their topics.
pub const CHANGES_TOPICS: &[EventKind] = &[
    EventKind::PhotoPosted,
    EventKind::PhotoPublished,
    EventKind::PhotoChanged,
    EventKind::PhotoRemoved,
    EventKind::MemberChanged,
    EventKind::PhotoTagged,
    EventKind::TopicsChanged,
];

/// Like [`changes_which`], or the topics of these photos.
#[must_use]
pub fn changes_topics(hub: &Hub, event: &Event) -> bool {
    matches!(event, Event::PhotoTagged { .. } | Event::TopicsChanged { .. }) || changes_which(hub, event)
}

/// Whether an event changes which live photos a hub has, or what tiles show of them. A photo that is posted to a hub
/// changes nothing in the others that show it.
#[must_use]
pub fn changes_which(hub: &Hub, event: &Event) -> bool {
    match event {
        Event::PhotoPosted { hub: posted, .. } => *posted == hub.id,
        Event::PhotoPublished { .. }
        | Event::PhotoChanged { .. }
        | Event::PhotoRemoved { .. }
        | Event::MemberChanged { .. } => true,
        _ => false,
    }
}
