//! What the hub's photos are about.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::topics;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::tile;
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Topics {
    /// How many tags are shown, the most used first.
    #[schemars(range(min = 1, max = 50))]
    limit: u8,
}

impl Default for Topics {
    fn default() -> Self {
        Self { limit: 15 }
    }
}

/// The tags, the most used first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "topics.html")]
pub(crate) struct Data {
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Tag {
    tag: String,
    photos: i64,
}

impl Widget for Topics {
    const KIND: &'static str = "topics";
    const TITLE: &'static str = "Topics";
    const ABOUT: &'static str = "The tags that photos here have most.";
    const LISTENS: &'static [EventKind] = tile::CHANGES_TOPICS;
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let topics = topics::hub::list(db, hub.id, i64::from(self.limit)).await?;
        let tags = topics.into_iter().map(|topic| Tag { tag: topic.name, photos: topic.photos });
        Ok(Data { tags: tags.collect() })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        tile::changes_topics(hub, event)
    }

    fn is_empty(data: &Data) -> bool {
        data.tags.is_empty()
    }
}
