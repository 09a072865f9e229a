//! What becomes of comments when an account is deleted, and when they are old.

use sqlx::PgConnection;

use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};

/// The most photos that one event names.
const TOLD: usize = 300;

/// Removes all comments of a user who is about to be deleted and whose row is locked. Replies to them stay.
pub async fn leave_all(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("select id from comments where author_id = $1 order by id for update", user.0)
        .fetch_all(&mut *db)
        .await?;
    // Like other commenters, who lock the count of one photo.
    sqlx::query!(
        "select photo_id from comment_counts
         where photo_id in (select photo_id from comments where author_id = $1)
         order by photo_id for update",
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut photos = sqlx::query_scalar!(
        r#"update comments
           set state = 'removed', held_for = null, text = '', text_key = null, author_id = null,
               removed_at = coalesce(removed_at, now())
           where author_id = $1
           returning photo_id as "photo: PhotoId""#,
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    photos.sort_unstable();
    photos.dedup();
    let told = sqlx::query_scalar!(
        r#"delete from notifications where actor_id = $1 returning user_id as "user: UserId""#,
        user.0,
    );
    let mut told = told.fetch_all(&mut *db).await?;
    told.sort_unstable();
    told.dedup();
    let photos = photos.chunks(TOLD).map(|photos| Event::CommentsChanged { photos: photos.to_vec() });
    let told = told.chunks(TOLD).map(|users| Event::NotificationsChanged { users: users.to_vec() });
    let events = photos.chain(told).collect();
    Event::record_all(db, events).await
}

/// Forgets what was removed `days` ago: deletes comments without replies, and the texts of others. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "delete from comments
         where state = 'removed' and removed_at < now() - make_interval(days => $1)
           and not exists (select from comments as reply where reply.reply_to = comments.id)",
        days,
    )
    .execute(&mut *db)
    .await?;
    let emptied = sqlx::query!(
        "update comments set text = '', text_key = null, author_id = null
         where state = 'removed' and removed_at < now() - make_interval(days => $1) and text <> ''",
        days,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() + emptied.rows_affected())
}
