//! Moving what somebody did anonymously to the account they log in to, and deleting an account with all it did: photos
//! and, what has to be taken out of histograms, ratings.

use crate::accounts::queries;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::photos::{files, transitions};

/// Moves an anonymous user's ratings, drafts and shares to an account and deletes the anonymous user. Where both rated
/// a photo the account's rating stays; a rating of the account's own photo is dropped. Nothing happens when `from` is
/// registered or gone.
pub async fn merge(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<()> {
    if from == into || !lock_users(db, from, into).await? {
        return Ok(());
    }
    lock_own(db, from).await?;
    let mut changed = drop_ratings(db, from, Some(into)).await?;
    sqlx::query!("update ratings set rater_id = $2 where rater_id = $1", from.0, into.0)
        .execute(&mut *db)
        .await?;
    let moved = sqlx::query_scalar!(
        r#"update photos set owner_id = $2 where owner_id = $1 returning id as "id: PhotoId""#,
        from.0,
        into.0,
    )
    .fetch_all(&mut *db)
    .await?;
    changed.extend(moved);
    // Where the account has used a key itself, its own photo is what the key finds.
    sqlx::query!(
        "update photo_submissions set owner_id = $2
         where owner_id = $1 and key not in (select key from photo_submissions where owner_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    // Where the account has made a link to the same photo, it keeps that one; the other works on, as nobody's.
    sqlx::query!(
        "update shares set sharer_id = $2
         where sharer_id = $1 and photo_id not in (select photo_id from shares where sharer_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into merged_users (id, into_id, rater_key) select id, $2, rater_key from users where id = $1",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    queries::delete(db, from).await?;
    record_change(db, changed).await
}

/// Locks an anonymous user that goes, and the account it becomes a part of, in the order of their ids. False: the first is
/// registered or gone.
async fn lock_users(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<bool> {
    let mut is_anonymous = false;
    for user in [from.min(into), from.max(into)] {
        if user == from {
            let found =
                sqlx::query!("select id from users where id = $1 and name is null for update", from.0)
                    .fetch_optional(&mut *db)
                    .await?;
            is_anonymous = found.is_some();
        } else {
            // It goes on rating meanwhile, but nothing else moves to it.
            sqlx::query!("select id from users where id = $1 for no key update", into.0)
                .fetch_optional(&mut *db)
                .await?;
        }
    }
    Ok(is_anonymous)
}

/// Deletes a user with ratings, photos and sessions; histograms follow. A job removes the photos' files.
pub async fn delete(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    // Before any counter: a rating under way holds the user's key, and its histogram must be seen.
    sqlx::query!("select id from users where id = $1 for update", user.0).fetch_optional(&mut *db).await?;
    let own = sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where owner_id = $1 and state <> 'deleted' order by id"#,
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    // Before their counters, as whoever takes a photo down has it.
    for photo in &own {
        files::lock_names(db, *photo).await?;
    }
    lock_own(db, user).await?;
    let mut changed = drop_ratings(db, user, None).await?;
    for photo in &own {
        transitions::delete(db, *photo).await?;
    }
    changed.extend(own);
    queries::delete(db, user).await?;
    record_change(db, changed).await
}

/// Locks a user's photos, and the links and ratings that the user or the photos have: two users who go may have shared each other's photos.
async fn lock_own(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    // Whoever rates or shares one of them has its key, and counters or nothing else yet to wait for.
    sqlx::query!("select id from photos where owner_id = $1 order by id for update", user.0)
        .fetch_all(&mut *db)
        .await?;
    sqlx::query!(
        "select code from shares
         where sharer_id = $1 or photo_id in (select id from photos where owner_id = $1)
         order by code for update",
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        "select photo_id from ratings
         where rater_id = $1 or photo_id in (select id from photos where owner_id = $1)
         order by photo_id, rater_id for update",
        user.0,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

async fn record_change(db: &mut Tx, photos: Vec<PhotoId>) -> sqlx::Result<()> {
    if photos.is_empty() {
        return Ok(());
    }
    Event::MemberChanged { photos }.record(db).await
}

/// Deletes ratings and takes them out of the histograms: all of the rater's, or, with an account to move to, those
/// that can't move. The counters of these photos and of the rater's own are locked in the order of photo ids, as every
/// other path does, so nothing deadlocks.
async fn drop_ratings(db: &mut Tx, rater: UserId, moving_to: Option<UserId>) -> sqlx::Result<Vec<PhotoId>> {
    let into = moving_to.map(|user| user.0);
    sqlx::query!(
        "select photo_id from photo_stats
         where photo_id in (select photo_id from ratings where rater_id = $1
                            union all
                            select id from photos where owner_id = $1)
         order by photo_id for update",
        rater.0,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"with dropped as (
             delete from ratings
             where rater_id = $1
               and ($2::bigint is null
                    or exists (select from ratings as kept
                               where kept.photo_id = ratings.photo_id and kept.rater_id = $2)
                    or exists (select from photos where photos.id = ratings.photo_id and photos.owner_id = $2))
             returning photo_id, value
         )
         update photo_stats set histogram[value] = histogram[value] - 1
         from dropped where photo_stats.photo_id = dropped.photo_id
         returning photo_stats.photo_id as "photo: PhotoId""#,
        rater.0,
        into,
    )
    .fetch_all(db)
    .await
}
