//! The hub's photos of one topic.

use std::borrow::Cow;

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::topics::{self, Tag, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::config::Refused;
use crate::tile::{self, Tile, tiles};
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Topic {
    /// The topic, such as sofa.
    #[schemars(length(max = 40))]
    topic: String,
    /// How many photos are shown.
    #[schemars(range(min = 1, max = 24))]
    limit: u8,
}

impl Default for Topic {
    fn default() -> Self {
        Self { topic: String::new(), limit: 6 }
    }
}

/// The photos, the latest posted first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "newest_photos.html")]
pub(crate) struct Data {
    photos: Vec<Tile>,
    more: String,
    from: String,
}

impl Widget for Topic {
    const KIND: &'static str = "topic";
    const TITLE: &'static str = "Topic";
    const ABOUT: &'static str = "The photos here that have a certain topic.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::MemberChanged,
        EventKind::PhotoTagged,
        EventKind::TopicsChanged,
        EventKind::HubChanged,
    ];
    type For = Everyone;
    type Data = Data;

    fn sample() -> Self {
        Self { topic: "sofa".to_owned(), ..Self::default() }
    }

    fn title(&self) -> Cow<'_, str> {
        Tag::new(&self.topic).map_or(Cow::Borrowed(Self::TITLE), |tag| Cow::Owned(tag.name().to_owned()))
    }

    fn check(&self) -> Result<(), Refused> {
        if self.topic.trim().is_empty() || Tag::new(&self.topic).is_some() {
            return Ok(());
        }
        Err(Refused::key("topic", "Name a topic: a word of up to 30 letters, digits or hyphens.".to_owned()))
    }

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let found = match Tag::new(&self.topic) {
            Some(tag) => queries::find(&mut *db, tag.key()).await?,
            None => None,
        };
        let Some(found) = found else {
            return Ok(Data { photos: Vec::new(), more: String::new(), from: String::new() });
        };
        let newest = sqlx::query_scalar!(
            r#"select hub_photos.photo_id as "photo: PhotoId"
               from hub_photos join taggings on taggings.photo_id = hub_photos.photo_id
               where hub_id = $1 and topic_id = $2 and live and not doubled
               order by posted_at desc, hub_photos.photo_id desc limit $3"#,
            hub.id.0,
            found.topic.id.0,
            i64::from(self.limit),
        )
        .fetch_all(&mut *db)
        .await?;
        let photos = tiles(db, &newest).await?;
        Ok(Data { photos, more: topics::path(&found.topic.key), from: tile::place(hub, false) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        // The links name the hub's slug.
        tile::changes_topics(hub, event) || matches!(event, Event::HubChanged { .. })
    }

    fn is_empty(data: &Data) -> bool {
        data.photos.is_empty()
    }
}
