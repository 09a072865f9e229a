//! Writing and reading ratings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sqlx::PgConnection;

use super::{Ballot, BallotRefused, Derpiness};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, PhotoId, UserId};

/// Why a rating was not recorded. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// The photo is not live.
    #[error("This photo no longer exists.")]
    Gone,
    /// The rater's row is gone: merged into an account, or deleted.
    #[error("You're no longer logged in.")]
    NoRater,
    /// The rater is suspended or banned.
    #[error("You can't rate while you are suspended.")]
    Barred,
    /// The rater owns the photo.
    #[error("You can't rate your own photo.")]
    Own,
    /// The ballot is invalid.
    #[error(transparent)]
    Ballot(#[from] BallotRefused),
    /// There is no ballot, and no rating to replace.
    #[error("You can rate a photo when it is shown to you, or through a shared link.")]
    NotServed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A rating to record.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The photo.
    pub photo: PhotoId,
    /// The rater.
    pub rater: UserId,
    /// The value.
    pub value: Derpiness,
    /// The permission. Without one the rating can only replace an earlier one.
    pub ballot: Option<Ballot>,
}

/// A rating that was written, or taken away.
pub(super) struct Written {
    pub(super) photo: PhotoId,
    pub(super) rater: UserId,
    /// None if it was taken away.
    pub(super) value: Option<i16>,
    /// The value that it replaced, if there was one.
    pub(super) previous: Option<i16>,
}

/// Records a rating or replaces the rater's earlier one, and keeps the photo's histogram equal to its ratings. The same
/// value with the same ballot is a form that was submitted twice, and changes nothing.
pub async fn record(db: &mut Tx, given: Given) -> Result<(), NotRecorded> {
    record_all(db, &[given]).await?.pop().unwrap_or(Ok(()))
}

/// Like [`record`], for many ratings in as many statements as for one. No two may have the same photo and rater.
/// Returns the results in the same order; a rating that is refused doesn't affect the others. A lock conflict fails the
/// whole transaction; the caller then records each rating separately.
///
/// Locks rows in the order raters, ratings, jobs, counters. All ratings of a photo wait for each other at its counters,
/// so those come last.
pub async fn record_all(db: &mut Tx, given: &[Given]) -> sqlx::Result<Vec<Result<(), NotRecorded>>> {
    let mut written = insert(db, given).await?;
    written.extend(replace(db, given).await?);
    let recorded: HashSet<_> = written.iter().map(|one| (one.photo, one.rater)).collect();
    let mut outcomes = Vec::with_capacity(given.len());
    for one in given {
        if recorded.contains(&(one.photo, one.rater)) {
            outcomes.push(Ok(()));
            continue;
        }
        match explain(db, one).await {
            Err(NotRecorded::Database(error)) => return Err(error),
            outcome => outcomes.push(outcome),
        }
    }
    let photos: BTreeSet<_> = written.iter().map(|one| one.photo).collect();
    if !photos.is_empty() {
        let rated = photos.into_iter().map(|photo| Event::PhotoRated { photo }).collect();
        Event::record_all_or_conflict(db, rated).await?;
    }
    shift_histograms(db, &written).await?;
    Ok(outcomes)
}

/// Writes ratings that have a ballot. Returns those that were written.
///
/// The locks make the statement see the picture that a photo has after waiting for a change of it, the rating that the
/// rater has taken back meanwhile, and whether the rater has been banned. A change, and a ban, waits for the ratings
/// before it.
async fn insert(db: &mut Tx, given: &[Given]) -> sqlx::Result<Vec<Written>> {
    let (mut photos, mut pictures, mut raters, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut lanes, mut issued) = (Vec::new(), Vec::new());
    for one in given {
        let Some(ballot) = one.ballot else { continue };
        photos.push(one.photo.0);
        pictures.push(ballot.picture);
        raters.push(one.rater.0);
        values.push(one.value.get());
        lanes.push(ballot.lane.name().to_owned());
        issued.push(ballot.issued_at);
    }
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Written,
        r#"with raters as (
               select id from users
               where id = any($2) and (barred_until is null or barred_until <= clock_timestamp())
               order by id for key share
           ), live as (
               select id, owner_id, picture from photos where id = any($1) and state = 'live' order by id for key share
           )
           insert into ratings (photo_id, rater_id, value, lane, ballot_at)
           select live.id, raters.id, given.value, given.lane, given.issued_at
           from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::timestamptz[], $6::smallint[])
                as given (photo, rater, value, lane, issued_at, picture)
           join raters on raters.id = given.rater
           join live on live.id = given.photo and live.picture = given.picture
           where owner_id <> raters.id and not is_taken_back(live.id, given.picture, raters.id, given.issued_at)
           order by live.id, raters.id
           on conflict (photo_id, rater_id) do update
           set previous = ratings.value, value = excluded.value, ballot_at = excluded.ballot_at, rated_at = now()
           where ratings.ballot_at < excluded.ballot_at
           returning photo_id as "photo: PhotoId", rater_id as "rater: UserId", value as "value?", previous"#,
        &photos,
        &raters,
        &values,
        &lanes,
        &issued,
        &pictures,
    )
    .fetch_all(&mut *db)
    .await
}

/// Writes ratings without a ballot. Returns those that replaced an earlier one.
async fn replace(db: &mut Tx, given: &[Given]) -> sqlx::Result<Vec<Written>> {
    let (mut photos, mut raters, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for one in given.iter().filter(|one| one.ballot.is_none()) {
        photos.push(one.photo.0);
        raters.push(one.rater.0);
        values.push(one.value.get());
    }
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Written,
        r#"with raters as (
               select id from users
               where id = any($2) and (barred_until is null or barred_until <= clock_timestamp())
               order by id for key share
           ), live as (
               select id, owner_id from photos where id = any($1) and state = 'live' order by id for key share
           )
           update ratings set previous = ratings.value, value = given.value, rated_at = now()
           from unnest($1::bigint[], $2::bigint[], $3::smallint[]) as given (photo, rater, value)
           join raters on raters.id = given.rater
           join live on live.id = given.photo
           where ratings.photo_id = given.photo and ratings.rater_id = given.rater
             and owner_id <> given.rater
           returning photo_id as "photo: PhotoId", rater_id as "rater: UserId", ratings.value as "value?", previous"#,
        &photos,
        &raters,
        &values,
    )
    .fetch_all(&mut *db)
    .await
}

/// Finds out why a rating was not written. A repeated submission is not an error.
async fn explain(db: &mut Tx, given: &Given) -> Result<(), NotRecorded> {
    let photo = sqlx::query!(
        r#"select owner_id as "owner: UserId", picture from photos where id = $1 and state = 'live'"#,
        given.photo.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    match photo {
        None => return Err(NotRecorded::Gone),
        Some(photo) if photo.owner == given.rater => return Err(NotRecorded::Own),
        Some(photo) if given.ballot.is_some_and(|ballot| ballot.picture != photo.picture) => {
            return Err(BallotRefused::Changed.into());
        }
        Some(_) => {}
    }
    let old = sqlx::query!(
        r#"select value as "value?", ballot_at as "ballot_at?",
                  coalesce(is_taken_back($1, $3, $2, $4), false) as "taken_back!",
                  coalesce(barred_until > clock_timestamp(), false) as "barred!"
           from users left join ratings on photo_id = $1 and rater_id = users.id
           where users.id = $2"#,
        given.photo.0,
        given.rater.0,
        given.ballot.map(|ballot| ballot.picture),
        given.ballot.map(|ballot| ballot.issued_at),
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(old) = old else { return Err(NotRecorded::NoRater) };
    if old.barred {
        return Err(NotRecorded::Barred);
    }
    match (given.ballot, old.value, old.ballot_at) {
        (Some(ballot), Some(value), Some(used)) if used == ballot.issued_at && value == given.value.get() => {
            Ok(())
        }
        (Some(_), Some(_), _) => Err(BallotRefused::Used.into()),
        (Some(_), None, _) if old.taken_back => Err(BallotRefused::Used.into()),
        _ => Err(NotRecorded::NotServed),
    }
}

/// Updates the histograms by the changes of the ratings. Locks the rows in the order of their photos, and adds to the
/// values that they have after the wait for the locks.
pub(super) async fn shift_histograms(db: &mut Tx, written: &[Written]) -> sqlx::Result<()> {
    let mut steps: BTreeMap<(PhotoId, i16), i32> = BTreeMap::new();
    for one in written.iter().filter(|one| one.previous != one.value) {
        if let Some(value) = one.value {
            *steps.entry((one.photo, value)).or_default() += 1;
        }
        if let Some(previous) = one.previous {
            *steps.entry((one.photo, previous)).or_default() -= 1;
        }
    }
    let (mut photos, mut bars, mut by) = (Vec::new(), Vec::new(), Vec::new());
    for ((photo, bar), step) in steps {
        photos.push(photo.0);
        bars.push(bar);
        by.push(step);
    }
    if photos.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with steps as (
             select photo, bar, step from unnest($1::bigint[], $2::smallint[], $3::integer[]) as steps (photo, bar, step)
         ), locked as (
             select photo_id from photo_stats where photo_id = any($1) order by photo_id for update
         )
         update photo_stats
         set histogram = (select array_agg(count + coalesce(step, 0) order by bars.bar)
                          from unnest(histogram) with ordinality as bars (count, bar)
                          left join steps on photo = photo_stats.photo_id and steps.bar = bars.bar)
         from locked
         where photo_stats.photo_id = locked.photo_id",
        &photos,
        &bars,
        &by,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Finds a user's rating of a photo.
pub async fn find(db: &mut PgConnection, photo: PhotoId, rater: UserId) -> sqlx::Result<Option<Derpiness>> {
    sqlx::query_scalar!(
        r#"select value as "value: Derpiness" from ratings where photo_id = $1 and rater_id = $2"#,
        photo.0,
        rater.0,
    )
    .fetch_optional(db)
    .await
}

/// How far a rater is within a hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubProgress {
    /// Photos of the hub that the rater has rated.
    pub rated: i64,
    /// Live photos of the hub that are not the rater's own.
    pub total: i64,
}

/// Counts the photos of a hub that a rater may rate, and those that they have rated.
pub async fn count_in_hub(db: &mut PgConnection, hub: HubId, rater: UserId) -> sqlx::Result<HubProgress> {
    sqlx::query_as!(
        HubProgress,
        r#"select count(*) as "total!", count(ratings.photo_id) as "rated!"
           from hub_photos
           join photos on photos.id = hub_photos.photo_id
           left join ratings on ratings.photo_id = photos.id and rater_id = $2
           where hub_id = $1 and state = 'live' and owner_id <> $2"#,
        hub.0,
        rater.0,
    )
    .fetch_one(db)
    .await
}

/// A histogram that differed from the ratings.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The photo.
    pub photo: PhotoId,
    /// The counts before the correction.
    pub was: Vec<i32>,
    /// The counts of the ratings.
    pub is: Vec<i32>,
}

/// The result of one pass of [`recount`].
#[derive(Clone, Debug)]
pub struct Recounted {
    /// Histograms that were wrong and have been corrected.
    pub drifted: Vec<Drift>,
    /// The last photo of the pass; `None` if none was left.
    pub last: Option<PhotoId>,
}

/// Splits all photos into ranges of `size`. Returns the first and last id of each, in order.
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
/// ratings, and corrects those that drifted. These photos can't be rated until the transaction ends, so keep `limit`
/// small.
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
    // A separate statement: the one that waits for the locks would count in a snapshot from before the wait.
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
