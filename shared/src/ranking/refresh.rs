//! Recomputing scores, ranks and virality.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::score::Prior;
use super::virality::{Moment, add};
use crate::ids::PhotoId;
use crate::photos::Species;

/// The weight of a new epoch's prior, in ratings.
const PRIOR_WEIGHT: f64 = 10.0;

/// How many moments one pass folds.
const BATCH: i64 = 5000;

/// The prior of the current epoch.
pub async fn find_prior(db: &mut PgConnection) -> sqlx::Result<Prior> {
    let row = sqlx::query!("select weight, prior from ranking_epochs order by id desc limit 1")
        .fetch_one(db)
        .await?;
    let mut distribution = [0.0; 10];
    distribution.iter_mut().zip(row.prior).for_each(|(slot, g)| *slot = g);
    Ok(Prior { weight: row.weight, distribution })
}

/// A live photo whose score or rank is no longer what is written.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Which one.
    pub photo: PhotoId,
    /// Its species, by which lists are filtered.
    pub species: Species,
    /// Its score now.
    pub score: f64,
    /// Its rank now.
    pub rank: i32,
}

/// Recomputes every live photo's score and rank and lists those that moved. Who enters or leaves the best places comes
/// first: when the list is written in parts, the front is right after the first of them.
pub async fn list_moved(db: &mut PgConnection) -> sqlx::Result<Vec<Moved>> {
    let prior = find_prior(db).await?;
    sqlx::query_as!(
        Moved,
        r#"with scored as (
               select photo_id, species,
                      (select sum(k * ($1 * g + c)) / ($1 + sum(c))
                       from unnest($2::float8[], histogram) with ordinality as bars (g, c, k)) as score
               from photo_stats join photos on photos.id = photo_id
               where state = 'live'
           ), ranked as (
               select photo_id, species, score, rank() over (order by score desc)::integer as rank from scored
           )
           select photo_id as "photo: PhotoId", species as "species: Species", ranked.score as "score!",
                  ranked.rank as "rank!"
           from ranked left join photo_ranks as old using (photo_id)
           where (old.score, old.rank) is distinct from (ranked.score, ranked.rank)
           order by least(old.rank, ranked.rank), photo_id"#,
        prior.weight,
        &prior.distribution,
    )
    .fetch_all(db)
    .await
}

/// Writes scores and ranks. They are locked in the order of photo ids, like on every path that locks several.
pub async fn write_moved(db: &mut PgConnection, moved: &[Moved]) -> sqlx::Result<()> {
    let photos: Vec<_> = moved.iter().map(|moved| moved.photo.0).collect();
    let scores: Vec<_> = moved.iter().map(|moved| moved.score).collect();
    let ranks: Vec<_> = moved.iter().map(|moved| moved.rank).collect();
    sqlx::query!(
        "insert into photo_ranks (photo_id, score, rank)
         select photo_id, score, rank
         from unnest($1::bigint[], $2::float8[], $3::integer[]) as moved (photo_id, score, rank)
         join photos on photos.id = photo_id and state = 'live'
         order by photo_id
         on conflict (photo_id) do update set score = excluded.score, rank = excluded.rank",
        &photos,
        &scores,
        &ranks,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Starts a new epoch from all ratings so far, unless one was started within the last twelve hours: the
/// nightly job that asks for it doesn't take equally long every night.
pub async fn start_epoch(db: &mut PgConnection) -> sqlx::Result<bool> {
    let pooled = sqlx::query_scalar!(
        r#"select coalesce(sum(histogram[bar]), 0) as "count!"
           from generate_series(1, 10) as bar left join photo_stats on true
           group by bar order by bar"#,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut counts = [0; 10];
    counts.iter_mut().zip(pooled).for_each(|(slot, count)| *slot = count);
    let prior = Prior::from_pooled(PRIOR_WEIGHT, &counts);
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
}

impl Gain {
    fn take(&mut self, moment: Moment, at: DateTime<Utc>) {
        match moment {
            Moment::View | Moment::LinkView => self.views += 1,
            Moment::Share => self.shares += 1,
            Moment::LinkRating => {}
        }
        if let Some(x) = moment.log2_at(at) {
            self.virality = Some(self.virality.map_or(x, |v| add(v, x)));
        }
    }
}

/// Folds up to a batch of uncounted moments into the photos' counters and marks them as counted; answers with the
/// photos that gained. Nothing is left when it answers with none.
pub async fn fold_moments(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    let moments = sqlx::query!(
        r#"with taken as (
               select id from virality_events where not counted order by id limit $1 for update skip locked
           )
           update virality_events set counted = true from taken where virality_events.id = taken.id
           returning photo_id as "photo: PhotoId", kind as "moment: Moment", at"#,
        BATCH,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut gains = BTreeMap::<PhotoId, Gain>::new();
    for row in moments {
        gains.entry(row.photo).or_default().take(row.moment, row.at);
    }
    // In the order of ids, like every path that locks counters.
    for (photo, gain) in &gains {
        let stored =
            sqlx::query_scalar!("select virality from photo_stats where photo_id = $1 for update", photo.0)
                .fetch_optional(&mut *db)
                .await?
                .flatten();
        let virality = match (stored, gain.virality) {
            (Some(v), Some(x)) => Some(add(v, x)),
            (v, x) => v.or(x),
        };
        sqlx::query!(
            "update photo_stats set virality = $2, views = views + $3, shares = shares + $4 where photo_id = $1",
            photo.0,
            virality,
            gain.views,
            gain.shares,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(gains.into_keys().collect())
}

/// Forgets counted moments older than `days`; the same visitor can't count twice on a day that is over.
pub async fn purge_moments(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from virality_events where counted and day < current_date - $1::integer", days)
            .execute(db)
            .await?;
    Ok(purged.rows_affected())
}
