//! How many comments a photo has, cached, and what open pages hear of comments.

use sqlx::PgConnection;

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::PhotoId;
use crate::live::Topic;

/// How many comments on a photo everybody sees. Which ones depends on the viewer, so the page reads them from the
/// database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoComments(pub PhotoId);

impl Cached for PhotoComments {
    const KIND: &'static str = "comments";
    type Part = Whole;
    type Data = i64;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::CommentsChanged { photos } => photos.iter().copied().map(Self).collect(),
            Event::PhotoRemoved { photo, .. } => vec![Self(*photo)],
            _ => Vec::new(),
        })
    }

    fn topic(&self, _: &Event) -> Option<Topic> {
        Some(Topic::Comments(self.0))
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, i64)>> {
        count_each(&mut *db.acquire().await?, these).await
    }
}

async fn count_each(
    db: &mut PgConnection,
    these: &[PhotoComments],
) -> sqlx::Result<Vec<(PhotoComments, i64)>> {
    let ids: Vec<_> = these.iter().map(|photo| photo.0.0).collect();
    let rows = sqlx::query!(
        r#"select id as "photo: PhotoId", coalesce(shown, 0)::bigint as "shown!"
           from photos left join comment_counts on photo_id = id where id = any($1)"#,
        &ids,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (PhotoComments(row.photo), row.shown)).collect())
}
