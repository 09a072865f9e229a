//! Recomputing scores, ranks and virality.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::PgConnection;

use super::score::Prior;
use super::virality::{Moment, add};
use crate::ids::PhotoId;
use crate::photos::Species;

/// The weight of a new epoch's prior, in ratings.
const PRIOR_WEIGHT: f64 = 10.0;

/// How many moments one pass counts. Their photos can't be rated until it commits.
const BATCH: i64 = 500;

/// The prior of the current epoch.
pub async fn find_prior(db: &mut PgConnection) -> sqlx::Result<Prior> {
    let row = sqlx::query!("select weight, prior from ranking_epochs order by id desc limit 1")
        .fetch_one(db)
        .await?;
    Ok(Prior { weight: row.weight, distribution: ten(row.prior)? })
}

/// Converts to one number per value of a rating. Any other length is an error.
fn ten<T>(numbers: Vec<T>) -> sqlx::Result<[T; 10]> {
    let wrong =
        |numbers: Vec<T>| sqlx::Error::Decode(format!("{} numbers for 10 values", numbers.len()).into());
    numbers.try_into().map_err(wrong)
}

/// A live photo whose stored score or rank is out of date.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The photo.
    pub photo: PhotoId,
    /// Its species, because lists can be limited to one.
    pub species: Species,
    /// Its new score.
    pub score: f64,
    /// Its new rank.
    pub rank: i32,
    /// Whether the score is another one than before; otherwise only the rank is.
    pub rescored: bool,
}

/// Recomputes the score and rank of every live photo from its weights, and lists those that changed. Photos that enter
/// or leave the best ranks come first, so the front is correct after the first batch of writes.
pub async fn list_moved(db: &mut PgConnection) -> sqlx::Result<Vec<Moved>> {
    let prior = find_prior(db).await?;
    let mut rows = sqlx::query!(
        r#"select photos.id as "photo: PhotoId", species as "species: Species", bars as "bars?",
                  score as "score?", rank as "rank?"
           from photos
           left join photo_weights on photo_weights.photo_id = photos.id
           left join photo_ranks on photo_ranks.photo_id = photos.id
           where state = 'live'"#,
    )
    .fetch(db);
    let mut scored = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let bars = row.bars.map_or(Ok([0; 10]), ten)?;
        let score = prior.score(&bars);
        let rescored = row.score != Some(score);
        let moved = Moved { photo: row.photo, species: row.species, score, rank: 0, rescored };
        scored.push((moved, row.score.zip(row.rank)));
    }
    scored.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score));
    give_ranks(&mut scored);
    scored.retain(|(moved, old)| *old != Some((moved.score, moved.rank)));
    scored
        .sort_by_key(|(moved, old)| (old.map_or(moved.rank, |(_, rank)| rank.min(moved.rank)), moved.photo));
    Ok(scored.into_iter().map(|(moved, _)| moved).collect())
}

/// Ranks from 1 in the order of the list. Equal scores share a rank.
fn give_ranks<T>(scored: &mut [(Moved, T)]) {
    let (mut rank, mut score) = (0, f64::NAN);
    for (place, (moved, _)) in (1..).zip(scored) {
        if moved.score.total_cmp(&score).is_ne() {
            (rank, score) = (place, moved.score);
        }
        moved.rank = rank;
    }
}

/// Writes the scores and ranks of photos that are still live. Locks them in the order of their ids, like every path
/// that locks several photos.
pub async fn write_moved(db: &mut PgConnection, moved: &[Moved]) -> sqlx::Result<()> {
    let photos: Vec<_> = moved.iter().map(|moved| moved.photo.0).collect();
    let scores: Vec<_> = moved.iter().map(|moved| moved.score).collect();
    let ranks: Vec<_> = moved.iter().map(|moved| moved.rank).collect();
    // Lock photos without a rank: a transaction that hides or deletes one also deletes its rank, and must see the rank
    // written here. Photos with a rank need no lock: the row of the rank is deleted either before this finds it or
    // after this writes it.
    let new = sqlx::query_scalar!(
        "select id from photos
         where id = any($1) and state = 'live' and not exists (select from photo_ranks where photo_id = id)
         order by id for share",
        &photos,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        "insert into photo_ranks (photo_id, score, rank)
         select photo_id, score, rank
         from unnest($1::bigint[], $2::float8[], $3::integer[]) as moved (photo_id, score, rank)
         where photo_id = any($4)
         order by photo_id
         on conflict do nothing",
        &photos,
        &scores,
        &ranks,
        &new,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "with found as (select photo_id from photo_ranks where photo_id = any($1) order by photo_id for update)
         update photo_ranks set score = moved.score, rank = moved.rank
         from found join unnest($1::bigint[], $2::float8[], $3::integer[]) as moved (photo_id, score, rank)
                    using (photo_id)
         where photo_ranks.photo_id = found.photo_id
           and (photo_ranks.score, photo_ranks.rank) is distinct from (moved.score, moved.rank)",
        &photos,
        &scores,
        &ranks,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Starts a new epoch from all ratings so far, unless one started within the last twelve hours. The interval is shorter
/// than a day because the duration of the nightly job varies.
pub async fn start_epoch(db: &mut PgConnection) -> sqlx::Result<bool> {
    let pooled = sqlx::query_scalar!(
        r#"select coalesce(sum(histogram[bar]), 0) as "count!"
           from generate_series(1, 10) as bar left join photo_stats on true
           group by bar order by bar"#,
    )
    .fetch_all(&mut *db)
    .await?;
    let prior = Prior::from_pooled(PRIOR_WEIGHT, &ten(pooled)?);
    let started = sqlx::query!(
        "insert into ranking_epochs (weight, prior)
         select $1, $2
         where not exists (select from ranking_epochs where id > 1 and created_at > now() - interval '12 hours')",
        prior.weight,
        &prior.distribution,
    )
    .execute(db)
    .await?;
    Ok(started.rows_affected() == 1)
}

#[derive(Default)]
struct Gain {
    virality: Option<f64>,
    views: i64,
    shares: i64,
    remixes: i64,
    comments: i64,
}

impl Gain {
    fn take(&mut self, moment: Moment, at: DateTime<Utc>) {
        match moment {
            Moment::View | Moment::LinkView => self.views += 1,
            Moment::Share => self.shares += 1,
            Moment::Remix => self.remixes += 1,
            Moment::Comment => self.comments += 1,
            Moment::LinkRating => {}
        }
        if let Some(x) = moment.log2_at(at) {
            self.virality = Some(self.virality.map_or(x, |v| add(v, x)));
        }
    }
}

/// Adds up to a batch of uncounted moments to the photos' counters and marks them as counted. Returns the photos that
/// had any; an empty list means that none are left. Moments of photos that are no longer live are marked and change
/// nothing.
pub async fn fold_moments(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    let uncounted = sqlx::query!(
        "select id, photo_id from virality_events where not counted order by id limit $1",
        BATCH
    );
    let (moments, photos): (Vec<_>, BTreeSet<_>) =
        uncounted.fetch_all(&mut *db).await?.into_iter().map(|row| (row.id, row.photo_id)).unzip();
    let photos: Vec<_> = photos.into_iter().collect();
    // Lock the counters before the moments, which a deletion of the photo deletes under the same locks.
    let stored = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", virality from photo_stats
           where photo_id = any($1) order by photo_id for update"#,
        &photos,
    )
    .fetch_all(&mut *db)
    .await?;
    let taken = sqlx::query!(
        r#"update virality_events set counted = true where id = any($1) and not counted
           returning photo_id as "photo: PhotoId", kind as "moment: Moment", at"#,
        &moments,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut gains = BTreeMap::<PhotoId, Gain>::new();
    for row in taken {
        gains.entry(row.photo).or_default().take(row.moment, row.at);
    }
    for row in stored {
        if let Some(gain) = gains.get_mut(&row.photo) {
            gain.virality = match (row.virality, gain.virality) {
                (Some(v), Some(x)) => Some(add(v, x)),
                (v, x) => v.or(x),
            };
        }
    }
    add_gains(db, &gains).await?;
    Ok(photos.into_iter().map(PhotoId).collect())
}

/// Adds to the photos' counters, which are already locked. Hiding or deleting a photo changes its state before its
/// counters, so a photo that is live here either stays live until this transaction ends, or loses its virality after
/// that.
async fn add_gains(db: &mut PgConnection, gains: &BTreeMap<PhotoId, Gain>) -> sqlx::Result<()> {
    let photos: Vec<_> = gains.keys().map(|photo| photo.0).collect();
    let virality: Vec<_> = gains.values().map(|gain| gain.virality).collect();
    let views: Vec<_> = gains.values().map(|gain| gain.views).collect();
    let shares: Vec<_> = gains.values().map(|gain| gain.shares).collect();
    let remixes: Vec<_> = gains.values().map(|gain| gain.remixes).collect();
    let comments: Vec<_> = gains.values().map(|gain| gain.comments).collect();
    sqlx::query!(
        "update photo_stats
         set virality = gain.virality, views = photo_stats.views + gain.views,
             shares = photo_stats.shares + gain.shares, remixes = photo_stats.remixes + gain.remixes,
             comments = photo_stats.comments + gain.comments
         from unnest($1::bigint[], $2::float8[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                  as gain (photo_id, virality, views, shares, remixes, comments)
         join photos on photos.id = gain.photo_id and photos.state = 'live'
         where photo_stats.photo_id = gain.photo_id",
        &photos,
        &virality as &[Option<f64>],
        &views,
        &shares,
        &remixes,
        &comments,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes counted moments older than `days`. The same visitor can't count twice on a day that is over.
pub async fn purge_moments(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from virality_events where counted and day < current_date - $1::integer", days)
            .execute(db)
            .await?;
    Ok(purged.rows_affected())
}
