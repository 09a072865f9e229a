//! The list of a hub's photos, and the hubs of a photo.

use sqlx::PgConnection;

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::hubs::facts::changed_hubs;
use crate::ids::{HubId, PhotoId};
use crate::paging::{Page, PageOf, Paged, load_pages};

/// A hub's live photos, the latest posted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HubPhotoList(pub HubId);

impl Cached for HubPhotoList {
    const KIND: &'static str = "hub-photos";
    const ASKS: bool = true;
    type Part = PageOf;
    type Data = Page<PhotoId>;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(changed_hubs(event, lookup).await?.into_iter().map(Self).collect())
    }

    /// Pages past the end are not cached, because visitors can request any number of them.
    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        load_pages(these, page, db).await
    }
}

/// The hubs beside a photo, which its page reads from the database. Nothing of them is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoHubs(pub PhotoId);

impl Cached for PhotoHubs {
    const KIND: &'static str = "photo-hubs";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::PhotoPosted { photo, .. } => vec![Self(*photo)],
            _ => Vec::new(),
        })
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}

impl Paged for HubPhotoList {
    type Item = PhotoId;

    async fn load_page(self, db: &mut PgConnection, page: PageOf) -> sqlx::Result<Page<PhotoId>> {
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from hub_photos join photos on id = photo_id
               where hub_id = $1 and state = 'live'"#,
            self.0.0,
        )
        .fetch_one(&mut *db)
        .await?;
        let photos = sqlx::query_scalar!(
            r#"select photo_id as "photo: PhotoId" from hub_photos join photos on id = photo_id
               where hub_id = $1 and state = 'live'
               order by posted_at desc, photo_id desc
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
