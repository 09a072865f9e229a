//! The ratings of banned members: taken out of all counts, and given back exactly as they were.
//!
//! A ban locks its member's row `for update`, so ratings before it are committed, and later ones are refused. A batch
//! that moves ratings holds the row's key, so it sees whether the ban still holds, and nobody lifts it meanwhile. It
//! holds the keys of the photos, too, so that none gets another picture.

use sqlx::PgConnection;

use super::queries::{Written, shift_histograms};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};

/// Withdraws a user's ratings of up to `limit` photos, those of earlier pictures included. Returns of how many photos;
/// none are left after 0. Lock the user first.
pub async fn take(db: &mut Tx, rater: UserId, limit: i64) -> sqlx::Result<usize> {
    let photos = sqlx::query_scalar!(
        r#"select photo_id as "photo!" from (
               (select photo_id from ratings where rater_id = $1)
               union
               (select photo_id from earlier_ratings where rater_id = $1)) as rated
           order by photo_id limit $2"#,
        rater.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    hold(db, &photos).await?;
    let taken = sqlx::query_as!(
        Written,
        r#"with taken as (
               delete from ratings where rater_id = $1 and photo_id = any($2)
               returning photo_id, rater_id, value, lane, ballot_at, rated_at, previous
           ), moved as (
               insert into withdrawn_ratings (rater_id, photo_id, picture, value, lane, ballot_at, rated_at, previous)
               select rater_id, id, picture, value, lane, ballot_at, rated_at, previous
               from taken join photos on id = photo_id
           )
           select photo_id as "photo!: PhotoId", rater_id as "rater!: UserId", null::smallint as value,
                  value as previous
           from taken order by photo_id"#,
        rater.0,
        &photos,
    )
    .fetch_all(&mut **db)
    .await?;
    sqlx::query!(
        "with taken as (
             delete from earlier_ratings where rater_id = $1 and photo_id = any($2)
             returning photo_id, picture, rater_id, value, lane, ballot_at, rated_at
         )
         insert into withdrawn_ratings (rater_id, photo_id, picture, value, lane, ballot_at, rated_at)
         select rater_id, photo_id, picture, value, lane, ballot_at, rated_at from taken
         on conflict do nothing",
        rater.0,
        &photos,
    )
    .execute(&mut **db)
    .await?;
    count(db, &taken).await?;
    Ok(photos.len())
}

/// Gives back a user's ratings of up to `limit` photos. Returns of how many photos; none are left after 0. Where the
/// user has rated the picture again, that rating stays. Lock the user first.
pub async fn give_back(db: &mut Tx, rater: UserId, limit: i64) -> sqlx::Result<usize> {
    let photos = sqlx::query_scalar!(
        "select distinct photo_id from withdrawn_ratings where rater_id = $1 order by photo_id limit $2",
        rater.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    hold(db, &photos).await?;
    // Nobody rates photos of their own, which a photo may have become when accounts were merged.
    let back = sqlx::query_as!(
        Written,
        r#"with back as (
               delete from withdrawn_ratings using photos
               where rater_id = $1 and photo_id = any($2) and id = photo_id
               returning rater_id, photo_id, withdrawn_ratings.picture, value, lane, ballot_at, rated_at, previous,
                         photos.picture as shown, owner_id
           ), earlier as (
               insert into earlier_ratings (photo_id, picture, rater_id, value, lane, ballot_at, rated_at)
               select photo_id, picture, rater_id, value, lane, ballot_at, rated_at from back
               where picture <> shown and owner_id <> rater_id
               on conflict do nothing
           )
           insert into ratings (photo_id, rater_id, value, lane, ballot_at, rated_at, previous)
           select photo_id, rater_id, value, lane, ballot_at, rated_at, previous from back
           where picture = shown and owner_id <> rater_id
           order by photo_id
           on conflict do nothing
           returning photo_id as "photo: PhotoId", rater_id as "rater: UserId", value as "value?",
                     null::smallint as previous"#,
        rater.0,
        &photos,
    )
    .fetch_all(&mut **db)
    .await?;
    count(db, &back).await?;
    Ok(photos.len())
}

/// Lets photos weigh the ratings of a user anew, those of up to `limit` photos after `after`. Returns the last of them.
pub async fn weigh_again(
    db: &mut PgConnection,
    rater: UserId,
    after: PhotoId,
    limit: i64,
) -> sqlx::Result<Option<PhotoId>> {
    let photos = sqlx::query_scalar!(
        "select photo_id from ratings where rater_id = $1 and photo_id > $2 order by photo_id limit $3",
        rater.0,
        after.0,
        limit,
    )
    .fetch_all(&mut *db)
    .await?;
    // Weights of no ratings are stale, so the next ranking weighs them.
    sqlx::query!(
        "with found as (select photo_id from photo_weights where photo_id = any($1) order by photo_id for update)
         update photo_weights set histogram = '{0,0,0,0,0,0,0,0,0,0}' from found
         where photo_weights.photo_id = found.photo_id",
        &photos,
    )
    .execute(db)
    .await?;
    Ok(photos.last().copied().map(PhotoId))
}

async fn hold(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<()> {
    sqlx::query!("select id from photos where id = any($1) order by id for key share", photos)
        .fetch_all(db)
        .await?;
    Ok(())
}

/// Counters come last, in the order of locks.
async fn count(db: &mut Tx, written: &[Written]) -> sqlx::Result<()> {
    if written.is_empty() {
        return Ok(());
    }
    let rated = written.iter().map(|one| Event::PhotoRated { photo: one.photo }).collect();
    Event::record_all_or_conflict(db, rated).await?;
    shift_histograms(db, written).await
}
