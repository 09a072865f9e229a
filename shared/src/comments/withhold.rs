//! Comments that nobody sees as long as a sanction of their author hides them. They come back exactly as they were.

use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};

/// Hides up to `limit` comments of an author, with what members were told of them. Returns how many; none are left
/// after 0. Lock the author first.
pub async fn withhold(db: &mut Tx, author: UserId, limit: i64) -> sqlx::Result<usize> {
    let ids = sqlx::query_scalar!(
        "select id from comments where author_id = $1 and state in ('shown', 'held') order by id limit $2
         for no key update",
        author.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    lock_counts(db, &ids).await?;
    let mut photos = sqlx::query_scalar!(
        r#"with found as (
               select id, photo_id, state, held_for from comments where id = any($1) and state in ('shown', 'held')
           ), kept as (
               insert into withheld (owner_id, comment_id, state, held_for)
               select $2, id, state, held_for from found order by id
               on conflict (comment_id) do nothing
           )
           update comments set state = 'withheld', held_for = null from found where comments.id = found.id
           returning comments.photo_id as "photo!: PhotoId""#,
        &ids,
        author.0,
    )
    .fetch_all(&mut **db)
    .await?;
    let mut told = sqlx::query_scalar!(
        r#"delete from notifications where comment_id = any($1) returning user_id as "user: UserId""#,
        &ids,
    )
    .fetch_all(&mut **db)
    .await?;
    told.sort_unstable();
    told.dedup();
    photos.sort_unstable();
    photos.dedup();
    let mut events = vec![Event::CommentsChanged { photos }];
    events.extend(told.into_iter().map(|user| Event::NotificationsChanged { users: vec![user] }));
    if !ids.is_empty() {
        Event::record_all(db, events).await?;
    }
    Ok(ids.len())
}

/// Shows up to `limit` withheld comments of an author again. What was removed meanwhile stays removed. Returns how many
/// were withheld; none are left after 0. Lock the author first.
pub async fn give_back(db: &mut Tx, author: UserId, limit: i64) -> sqlx::Result<usize> {
    let ids = sqlx::query_scalar!(
        r#"select comment_id as "id!" from withheld where owner_id = $1 and comment_id is not null
           order by comment_id limit $2"#,
        author.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    sqlx::query!("select id from comments where id = any($1) order by id for no key update", &ids)
        .fetch_all(&mut **db)
        .await?;
    lock_counts(db, &ids).await?;
    let mut photos = sqlx::query_scalar!(
        r#"with back as (
               delete from withheld where comment_id = any($1) returning comment_id, state, held_for
           )
           update comments set state = back.state, held_for = back.held_for from back
           where comments.id = back.comment_id and comments.state = 'withheld'
           returning comments.photo_id as "photo!: PhotoId""#,
        &ids,
    )
    .fetch_all(&mut **db)
    .await?;
    photos.sort_unstable();
    photos.dedup();
    if !photos.is_empty() {
        Event::CommentsChanged { photos }.record(db).await?;
    }
    Ok(ids.len())
}

/// Like other commenters, who lock the count of one photo.
async fn lock_counts(db: &mut Tx, comments: &[i64]) -> sqlx::Result<()> {
    sqlx::query!(
        "select photo_id from comment_counts
         where photo_id in (select photo_id from comments where id = any($1)) order by photo_id for update",
        comments,
    )
    .fetch_all(&mut **db)
    .await?;
    Ok(())
}
