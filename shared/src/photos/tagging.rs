//! The tags of a photo. Their rows also say how many photos a topic has: triggers count what changes in them, in the
//! same transaction (`migrations/0043_topics.sql`).

use sqlx::PgConnection;

use super::tag::{Tag, Tags};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, TopicId};

/// The class of the advisory lock on topics. Who tags a photo shares it, and who changes where tags lead takes it alone.
pub(crate) const TOPICS: i32 = 4;

/// Lists the tags of a photo as pages show them, in order.
pub async fn list(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select name from taggings join topics on topics.id = topic_id
         where photo_id = $1 and not doubled and banned_at is null order by place",
        photo.0,
    )
    .fetch_all(db)
    .await
}

/// Replaces the tags of a photo in any state, and records the event. Does nothing if they are the same.
pub async fn set(db: &mut Tx, photo: PhotoId, tags: &Tags) -> sqlx::Result<()> {
    let before = list_written(db, photo).await?;
    // Locks the photo's row, so that its state doesn't change meanwhile.
    sqlx::query!("update photos set tags = $2, touched_at = now() where id = $1", photo.0, &tags.names(),)
        .execute(&mut *db)
        .await?;
    attach(db, photo, tags).await?;
    let after = list_written(db, photo).await?;
    if before != after {
        let topics = before.into_iter().chain(after).map(|(_, topic)| topic).collect();
        Event::PhotoTagged { photo, topics }.record(db).await?;
    }
    Ok(())
}

/// Lists the topics of photos in any state.
pub async fn list_topics(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<TopicId>> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    sqlx::query_scalar!(
        r#"select distinct topic_id as "topic: TopicId" from taggings where photo_id = any($1)"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// What was written and where it leads, in order.
async fn list_written(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<(TopicId, TopicId)>> {
    let rows = sqlx::query!(
        r#"select written_id as "written: TopicId", topic_id as "topic: TopicId" from taggings
           where photo_id = $1 order by place"#,
        photo.0,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.written, row.topic)).collect())
}

/// Writes the rows of a photo's tags, for a caller that writes `photos.tags` itself and records an event. Tags that
/// nobody has used become topics.
pub async fn attach(db: &mut PgConnection, photo: PhotoId, tags: &Tags) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1, 0)", TOPICS).fetch_one(&mut *db).await?;
    let keys: Vec<_> = tags.as_slice().iter().map(|tag| tag.key().to_owned()).collect();
    make(db, tags.as_slice(), &keys).await?;
    sqlx::query!("delete from taggings where photo_id = $1", photo.0).execute(&mut *db).await?;
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"with written as (
               select distinct on (topics.id) topics.id, coalesce(root_id, topics.id) as topic_id, place
               from unnest($2::text[]) with ordinality as given (key, place)
               join topic_keys using (key) join topics on topics.id = topic_keys.topic_id
               order by topics.id, place
           )
           insert into taggings (photo_id, written_id, topic_id, place, live, doubled)
           select photos.id, written.id, topic_id, place, state = 'live',
                  row_number() over (partition by topic_id order by place) > 1
           from written join photos on photos.id = $1"#,
        photo.0,
        &keys,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes topics of those tags that lead to none, in the order of their keys, so that two who do it don't wait for each
/// other.
async fn make(db: &mut PgConnection, tags: &[Tag], keys: &[String]) -> sqlx::Result<()> {
    let known = sqlx::query_scalar!("select key from topic_keys where key = any($1)", keys);
    let known = known.fetch_all(&mut *db).await?;
    let mut unknown: Vec<_> = tags.iter().filter(|tag| !known.iter().any(|key| key == tag.key())).collect();
    unknown.sort_by_key(|tag| tag.key());
    for tag in unknown {
        sqlx::query!(
            "with made as (insert into topics (key, name) values ($1, $2) on conflict (key) do nothing returning id)
             insert into topic_keys (key, topic_id) select $1, id from made on conflict (key) do nothing",
            tag.key(),
            tag.name(),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
