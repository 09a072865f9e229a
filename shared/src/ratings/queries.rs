//! Recording ratings and reading them back.

use sqlx::PgConnection;

use super::{Ballot, BallotRefused, Derpiness, Lane};
use crate::cache::Event;
use crate::db::Tx;
use crate::ids::{PhotoId, UserId};
use crate::jobs::cache::InvalidateCache;
use crate::queue::Enqueue as _;

/// Why a rating was not recorded; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// The photo is not in rotation.
    #[error("This photo isn't there any more.")]
    Gone,
    /// The rater's row is gone: merged into an account, or deleted.
    #[error("You aren't logged in any more.")]
    NoRater,
    /// The rater submitted it.
    #[error("You can't rate your own photo.")]
    Own,
    /// The ballot does not count.
    #[error(transparent)]
    Ballot(#[from] BallotRefused),
    /// There is no ballot, and no rating to replace.
    #[error("You can rate a photo when it is shown to you, or through a shared link.")]
    NotServed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Records a rating or replaces the rater's earlier one, and keeps the photo's histogram equal to its ratings. Without
/// a ballot it only replaces. The same value with the same ballot is the same form, sent twice, and changes nothing.
///
/// Rows are locked in the order rater, rating, job, counters: all ratings of a photo wait for each other at its counters,
/// so those come last.
pub async fn record(
    db: &mut Tx,
    photo: PhotoId,
    rater: UserId,
    value: Derpiness,
    ballot: Option<&Ballot>,
) -> Result<(), NotRecorded> {
    let Some(previous) = write(db, photo, rater, value, ballot).await? else {
        return explain(db, photo, rater, value, ballot).await;
    };
    InvalidateCache::of(Event::PhotoRated { photo }).enqueue(db).await?;
    shift_histogram(db, photo, previous, value).await?;
    Ok(())
}

/// Writes the rating; answers with the value it replaces, if any, or with nothing where it does not count.
async fn write(
    db: &mut Tx,
    photo: PhotoId,
    rater: UserId,
    value: Derpiness,
    ballot: Option<&Ballot>,
) -> sqlx::Result<Option<Option<i16>>> {
    let Some(ballot) = ballot else {
        let replaced = sqlx::query_scalar!(
            "with rater as (select id from users where id = $2 for key share)
             update ratings set previous = value, value = $3, rated_at = now()
             from photos, rater
             where photo_id = $1 and rater_id = rater.id
               and photos.id = photo_id and state = 'live' and owner_id <> rater_id
             returning previous",
            photo.0,
            rater.0,
            value.get(),
        );
        return replaced.fetch_optional(&mut *db).await;
    };
    let written = sqlx::query_scalar!(
        "with rater as (select id from users where id = $2 for key share)
         insert into ratings (photo_id, rater_id, value, lane, ballot_at)
         select photos.id, rater.id, $3, $4, $5
         from photos, rater
         where photos.id = $1 and state = 'live' and owner_id <> rater.id
         on conflict (photo_id, rater_id) do update
         set previous = ratings.value, value = excluded.value, ballot_at = excluded.ballot_at, rated_at = now()
         where ratings.ballot_at < excluded.ballot_at
         returning previous",
        photo.0,
        rater.0,
        value.get(),
        ballot.lane as Lane,
        ballot.issued_at,
    );
    written.fetch_optional(&mut *db).await
}

/// Why nothing was written. It is no error where the same was sent before.
async fn explain(
    db: &mut Tx,
    photo: PhotoId,
    rater: UserId,
    value: Derpiness,
    ballot: Option<&Ballot>,
) -> Result<(), NotRecorded> {
    let owner = sqlx::query_scalar!(
        r#"select owner_id as "owner: UserId" from photos where id = $1 and state = 'live'"#,
        photo.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    match owner {
        None => return Err(NotRecorded::Gone),
        Some(owner) if owner == rater => return Err(NotRecorded::Own),
        Some(_) => {}
    }
    let old = sqlx::query!(
        r#"select value as "value?", ballot_at as "ballot_at?"
           from users left join ratings on photo_id = $1 and rater_id = users.id
           where users.id = $2"#,
        photo.0,
        rater.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(old) = old else { return Err(NotRecorded::NoRater) };
    match (ballot, old.value, old.ballot_at) {
        (Some(ballot), Some(old), Some(used)) if used == ballot.issued_at && old == value.get() => Ok(()),
        (Some(_), Some(_), _) => Err(BallotRefused::Used.into()),
        _ => Err(NotRecorded::NotServed),
    }
}

async fn shift_histogram(db: &mut Tx, photo: PhotoId, old: Option<i16>, new: Derpiness) -> sqlx::Result<()> {
    match old {
        Some(old) if old == new.get() => {}
        Some(old) => {
            sqlx::query!(
                "update photo_stats set histogram[$2] = histogram[$2] - 1, histogram[$3] = histogram[$3] + 1
                 where photo_id = $1",
                photo.0,
                i32::from(old),
                i32::from(new.get()),
            )
            .execute(&mut *db)
            .await?;
        }
        None => {
            sqlx::query!(
                "update photo_stats set histogram[$2] = histogram[$2] + 1 where photo_id = $1",
                photo.0,
                i32::from(new.get()),
            )
            .execute(&mut *db)
            .await?;
        }
    }
    Ok(())
}

/// What a user gave a photo.
pub async fn find(db: &mut PgConnection, photo: PhotoId, rater: UserId) -> sqlx::Result<Option<i16>> {
    sqlx::query_scalar!("select value from ratings where photo_id = $1 and rater_id = $2", photo.0, rater.0)
        .fetch_optional(db)
        .await
}

/// A histogram that did not say what the ratings say.
#[derive(Clone, Debug)]
pub struct Drift {
    /// Whose.
    pub photo: PhotoId,
    /// What it said.
    pub was: Vec<i32>,
    /// What the ratings say.
    pub is: Vec<i32>,
}

/// What one pass of [`recount`] found.
#[derive(Clone, Debug)]
pub struct Recounted {
    /// Histograms that were wrong, and are right now.
    pub drifted: Vec<Drift>,
    /// The last photo that was looked at; `None` when there was none left.
    pub last: Option<PhotoId>,
}

/// All photos that can be rated, in ranges of `size`: the first and the last id of each, in order.
pub async fn list_ranges(db: &mut PgConnection, size: i64) -> sqlx::Result<Vec<(PhotoId, PhotoId)>> {
    let ranges = sqlx::query!(
        r#"select min(photo_id) as "first!: PhotoId", max(photo_id) as "last!: PhotoId"
           from (select photo_id, (row_number() over (order by photo_id) - 1) / $1::bigint as number
                 from photo_stats) as numbered
           group by number order by number"#,
        size,
    );
    Ok(ranges.fetch_all(db).await?.into_iter().map(|range| (range.first, range.last)).collect())
}

/// Recounts the histograms of up to `limit` photos from `first` to `last`, in the order of their ids, from the raw
/// ratings, and mends those that drifted. Nobody can rate these photos until the transaction ends, so keep `limit` small.
pub async fn recount(
    db: &mut PgConnection,
    first: PhotoId,
    last: PhotoId,
    limit: i64,
) -> sqlx::Result<Recounted> {
    let photos = sqlx::query_scalar!(
        "select photo_id from photo_stats where photo_id between $1 and $2 order by photo_id limit $3 for update",
        first.0,
        last.0,
        limit,
    )
    .fetch_all(&mut *db)
    .await?;
    // A statement of its own: one that waited for the locks would count with a snapshot from before the wait.
    let drifted = sqlx::query_as!(
        Drift,
        r#"with counted as (
               select photo_stats.photo_id, photo_stats.histogram as was,
                      (select array_agg(coalesce(n, 0) order by bar)
                       from generate_series(1, 10) as bar
                       left join (select value, count(*)::integer as n from ratings
                                  where ratings.photo_id = photo_stats.photo_id group by value) as by_value
                            on by_value.value = bar) as is_now
               from photo_stats
               where photo_stats.photo_id = any($1)
           )
           update photo_stats set histogram = is_now
           from counted
           where photo_stats.photo_id = counted.photo_id and photo_stats.histogram <> is_now
           returning photo_stats.photo_id as "photo: PhotoId", was, is_now as "is!""#,
        &photos,
    )
    .fetch_all(db)
    .await?;
    Ok(Recounted { drifted, last: photos.last().copied().map(PhotoId) })
}
