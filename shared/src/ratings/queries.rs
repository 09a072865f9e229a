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
pub async fn record(
    db: &mut Tx,
    photo: PhotoId,
    rater: UserId,
    value: Derpiness,
    ballot: Option<&Ballot>,
) -> Result<(), NotRecorded> {
    // The lock on the photo's counters puts all ratings of one photo in an order.
    let owner = sqlx::query_scalar!(
        r#"select owner_id as "owner: UserId"
           from photos join photo_stats on photo_id = photos.id
           where photos.id = $1 and state = 'live'
           for update of photo_stats"#,
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
        r#"select value, lane as "lane: Lane", ballot_at from ratings where photo_id = $1 and rater_id = $2"#,
        photo.0,
        rater.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let (lane, ballot_at) = match (ballot, &old) {
        (Some(ballot), Some(old)) if ballot.issued_at == old.ballot_at && value.get() == old.value => {
            return Ok(());
        }
        (Some(ballot), Some(old)) if ballot.issued_at <= old.ballot_at => {
            return Err(BallotRefused::Used.into());
        }
        (Some(ballot), _) => (ballot.lane, ballot.issued_at),
        (None, Some(old)) => (old.lane, old.ballot_at),
        (None, None) => return Err(NotRecorded::NotServed),
    };
    sqlx::query!(
        "insert into ratings (photo_id, rater_id, value, lane, ballot_at) values ($1, $2, $3, $4, $5)
         on conflict (photo_id, rater_id) do update
         set value = excluded.value, ballot_at = excluded.ballot_at, rated_at = now()",
        photo.0,
        rater.0,
        value.get(),
        lane as Lane,
        ballot_at,
    )
    .execute(&mut *db)
    .await?;
    shift_histogram(db, photo, old.map(|old| old.value), value).await?;
    InvalidateCache::of(Event::PhotoRated { photo }).enqueue(db).await?;
    Ok(())
}

async fn shift_histogram(
    db: &mut PgConnection,
    photo: PhotoId,
    old: Option<i16>,
    new: Derpiness,
) -> sqlx::Result<()> {
    if old == Some(new.get()) {
        return Ok(());
    }
    if let Some(old) = old {
        sqlx::query!(
            "update photo_stats set histogram[$2] = histogram[$2] - 1 where photo_id = $1",
            photo.0,
            i32::from(old),
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query!(
        "update photo_stats set histogram[$2] = histogram[$2] + 1 where photo_id = $1",
        photo.0,
        i32::from(new.get()),
    )
    .execute(db)
    .await?;
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
