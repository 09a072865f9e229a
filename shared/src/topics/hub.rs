//! The topics of a hub's photos.

use sqlx::PgConnection;

use super::types::Topic;
use crate::ids::{HubId, PhotoId, TopicId};
use crate::paging::{Page, PageOf};

/// Lists the topics that live photos of a hub have, those of most photos first. `photos` counts the hub's.
pub async fn list(db: &mut PgConnection, hub: HubId, limit: i64) -> sqlx::Result<Vec<Topic>> {
    sqlx::query_as!(
        Topic,
        r#"select topics.id as "id: TopicId", key as "key!", name as "name!", count(*) as "photos!"
           from hub_photos join taggings using (photo_id) join topics on topics.id = topic_id
           where hub_id = $1 and live and not doubled and banned_at is null
           group by topics.id order by count(*) desc, key limit $2"#,
        hub.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A page of a hub's live photos that have a topic, the latest posted first.
pub async fn list_photos(
    db: &mut PgConnection,
    hub: HubId,
    topic: TopicId,
    page: PageOf,
) -> sqlx::Result<Page<PhotoId>> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from hub_photos join taggings using (photo_id)
           where hub_id = $1 and topic_id = $2 and live and not doubled"#,
        hub.0,
        topic.0,
    )
    .fetch_one(&mut *db)
    .await?;
    let photos = sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from hub_photos join taggings using (photo_id)
           where hub_id = $1 and topic_id = $2 and live and not doubled
           order by posted_at desc, photo_id desc limit $3 offset $4"#,
        hub.0,
        topic.0,
        page.limit,
        page.offset(),
    )
    .fetch_all(db)
    .await?;
    Ok(Page::new(photos, page, total))
}
