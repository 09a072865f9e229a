//! The photos with the best scores.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::PhotoId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::tile::{self, Tile, list_live};
use crate::widget::{Everyone, Widget};

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TopPhotos {
    /// How many photos are shown, the best first.
    #[schemars(range(min = 1, max = 12))]
    limit: u8,
}

impl Default for TopPhotos {
    fn default() -> Self {
        Self { limit: 5 }
    }
}

/// The photos, the best first.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "top_photos.html")]
pub(crate) struct Data {
    photos: Vec<Ranked>,
    more: Option<String>,
    from: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Ranked {
    tile: Tile,
    /// The plain mean of its ratings.
    mean: Option<f64>,
    ratings: i64,
}

impl Widget for TopPhotos {
    const KIND: &'static str = "top-photos";
    const TITLE: &'static str = "Top photos";
    const ABOUT: &'static str = "The derpiest photos here, by score, with their means.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::PhotoRated,
        EventKind::ScoresMoved,
        EventKind::MemberChanged,
        EventKind::HubChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let best = sqlx::query_scalar!(
            r#"select hub_photos.photo_id as "photo: PhotoId"
               from hub_photos join photo_ranks on photo_ranks.photo_id = hub_photos.photo_id
                               join photos on photos.id = hub_photos.photo_id
               where hub_id = $1 and state = 'live'
               order by score desc, hub_photos.photo_id limit $2"#,
            hub.id.0,
            i64::from(self.limit),
        )
        .fetch_all(&mut *db)
        .await?;
        let photos = list_live(db, &best).await?;
        let ranked = photos.iter().map(|photo| Ranked {
            tile: Tile::of(photo),
            mean: photo.histogram.mean(),
            ratings: photo.histogram.count(),
        });
        let more = hub.slug.as_ref().map(|_| format!("{}/top", hub.path()));
        Ok(Data { photos: ranked.collect(), more, from: tile::place(hub, true) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::PhotoRated { .. } | Event::ScoresMoved { .. } => true,
            Event::HubChanged { .. } => hub.slug.is_some(),
            _ => tile::changes_which(hub, event),
        }
    }
}
