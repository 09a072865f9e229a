//! The photos that were posted last.

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
pub(crate) struct NewestPhotos {
    /// How many photos are shown.
    #[schemars(range(min = 1, max = 24))]
    limit: u8,
}

impl Default for NewestPhotos {
    fn default() -> Self {
        Self { limit: 6 }
    }
}

/// The photos, newest first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "newest_photos.html")]
pub(crate) struct Data {
    photos: Vec<Tile>,
    more: String,
    from: String,
}

impl Widget for NewestPhotos {
    const KIND: &'static str = "newest-photos";
    const TITLE: &'static str = "Newest photos";
    const ABOUT: &'static str = "The photos that were posted here last.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::MemberChanged,
        EventKind::HubChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let newest = sqlx::query_scalar!(
            r#"select photo_id as "photo: PhotoId" from hub_photos join photos on id = photo_id
               where hub_id = $1 and state = 'live'
               order by posted_at desc, photo_id desc limit $2"#,
            hub.id.0,
            i64::from(self.limit),
        )
        .fetch_all(&mut *db)
        .await?;
        let photos = tiles(db, &newest).await?;
        Ok(Data { photos, more: format!("{}/photos", hub.path()), from: tile::place(hub, false) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        tile::changes_which(hub, event) || matches!(event, Event::HubChanged { .. })
    }
}
