//! The photos that are shared most at the moment.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::tile::{self, Tile, tiles};
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Trending {
    /// How many photos are shown.
    #[schemars(range(min = 1, max = 12))]
    limit: u8,
}

impl Default for Trending {
    fn default() -> Self {
        Self { limit: 3 }
    }
}

/// The photos, those that are shared most first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "trending.html")]
pub(crate) struct Data {
    photos: Vec<Tile>,
    from: String,
}

impl Widget for Trending {
    const KIND: &'static str = "trending";
    const TITLE: &'static str = "Trending";
    const ABOUT: &'static str = "The photos from here that people share at the moment.";
    // The order of virality doesn't depend on the clock, because all of it decays at the same rate.
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::ViralityMoved,
        EventKind::MemberChanged,
        EventKind::HubChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let first = sqlx::query_scalar!(
            r#"select hub_photos.photo_id as "photo: PhotoId"
               from hub_photos join photo_stats on photo_stats.photo_id = hub_photos.photo_id
                               join photos on photos.id = hub_photos.photo_id
               where hub_id = $1 and state = 'live' and virality is not null
               order by virality desc, hub_photos.photo_id limit $2"#,
            hub.id.0,
            i64::from(self.limit),
        )
        .fetch_all(&mut *db)
        .await?;
        Ok(Data { photos: tiles(db, &first).await?, from: tile::place(hub, false) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        matches!(event, Event::ViralityMoved { .. } | Event::HubChanged { .. }) || tile::changes_which(hub, event)
    }

    fn is_empty(data: &Data) -> bool {
        data.photos.is_empty()
    }
}
