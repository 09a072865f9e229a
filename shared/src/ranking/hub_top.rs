//! The leaderboard of a hub.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::cache::{Around, Cached, Lookup};
use crate::db::Db;
use crate::events::Event;
use crate::hubs::facts::changed_hubs;
use crate::ids::{HubId, PhotoId};
use crate::paging::{Page, PageOf, Paged, load_pages};
use crate::photos::cached::RANKS;

/// A photo and its place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The photo.
    pub photo: PhotoId,
    /// Its place, from 1. Equal scores share a place.
    pub place: i64,
}

/// A hub's photos by score as of the last ranking. A new photo appears after the next ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HubTopList(pub HubId);

impl Cached for HubTopList {
    const KIND: &'static str = "hub-top";
    const AROUND: Option<Around> = Some(RANKS);
    const ASKS: bool = true;
    type Part = PageOf;
    type Data = Page<Placed>;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        // A photo that has just gone live has no rank yet.
        if matches!(event, Event::PhotoPublished { .. }) {
            return Ok(Vec::new());
        }
        Ok(changed_hubs(event, lookup).await?.into_iter().map(Self).collect())
    }

    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        load_pages(these, page, db).await
    }
}

impl Paged for HubTopList {
    type Item = Placed;

    async fn load_page(self, db: &mut PgConnection, page: PageOf) -> sqlx::Result<Page<Placed>> {
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from hub_photos
               join photos on photos.id = hub_photos.photo_id
               join photo_ranks on photo_ranks.photo_id = photos.id
               where hub_id = $1 and state = 'live'"#,
            self.0.0,
        )
        .fetch_one(&mut *db)
        .await?;
        let photos = sqlx::query_as!(
            Placed,
            r#"select photos.id as "photo: PhotoId", rank() over (order by rank) as "place!" from hub_photos
               join photos on photos.id = hub_photos.photo_id
               join photo_ranks on photo_ranks.photo_id = photos.id
               where hub_id = $1 and state = 'live'
               order by rank, photos.id
               limit $2 offset $3"#,
            self.0.0,
            page.limit,
            page.offset(),
        )
        .fetch_all(db)
        .await?;
        Ok(Page::new(photos, page, total))
    }
}
