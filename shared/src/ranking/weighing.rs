//! Weighs photos' ratings by the rules in [`super::weights`]. Rating a photo doesn't weigh it; readers of weights first
//! weigh what was rated since.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::weights::{Alike, EXPERIENCED, ORDINARY, weigh};
use crate::ids::PhotoId;

/// Lists live photos whose ratings have changed since they were weighed. A photo with more than a thousand ratings is
/// weighed again after a change of 5 % or an hour, which bounds how often each rating is read.
pub async fn list_stale(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_stats.photo_id as "photo: PhotoId"
           from photo_stats
           join photos on photos.id = photo_stats.photo_id and photos.state = 'live'
           left join photo_weights on photo_weights.photo_id = photo_stats.photo_id
           cross join lateral (select sum(c) as n from unnest(photo_stats.histogram) as c) as total
           cross join lateral (select coalesce(sum(c), 0) as n from unnest(photo_weights.histogram) as c) as weighed
           where photo_stats.histogram <> coalesce(photo_weights.histogram, '{0,0,0,0,0,0,0,0,0,0}')
             and (total.n <= 1000 or abs(total.n - weighed.n) * 20 >= weighed.n
                  or weighed_at < now() - interval '1 hour')
           order by photo_stats.photo_id"#,
    )
    .fetch_all(db)
    .await
}

/// Lists photos with ratings, from `first` to `last`.
pub async fn list_rated(db: &mut PgConnection, first: PhotoId, last: PhotoId) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from photo_stats
           where photo_id between $1 and $2 and histogram <> '{0,0,0,0,0,0,0,0,0,0}'
           order by photo_id"#,
        first.0,
        last.0,
    )
    .fetch_all(db)
    .await
}

/// Weighs all ratings of these photos. A rating that arrives meanwhile makes its photo stale again.
pub async fn weigh_photos(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<()> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    // Locks photos before their weights, in the same order as deletions.
    sqlx::query!("select id from photos where id = any($1) order by id for key share", &ids)
        .fetch_all(&mut *db)
        .await?;
    let found = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", histogram from photo_stats where photo_id = any($1) order by photo_id"#,
        &ids,
    )
    .fetch_all(&mut *db)
    .await?;
    let ratings = list_ratings(db, &ids).await?;
    for row in found {
        let weighed = weigh(ratings.get(&row.photo).map(Vec::as_slice).unwrap_or_default());
        sqlx::query!(
            "insert into photo_weights (photo_id, histogram, bars, links, crowd) values ($1, $2, $3, $4, $5)
             on conflict (photo_id) do update
             set histogram = excluded.histogram, bars = excluded.bars, links = excluded.links,
                 crowd = excluded.crowd,
                 weighed_at = case when photo_weights.histogram = excluded.histogram then photo_weights.weighed_at
                              else now() end",
            row.photo.0,
            &row.histogram,
            &weighed.bars,
            i32::try_from(weighed.links).unwrap_or(i32::MAX),
            i32::try_from(weighed.crowd).unwrap_or(i32::MAX),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Reads the ratings of some photos, grouped by equal weight.
async fn list_ratings(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<BTreeMap<PhotoId, Vec<Alike>>> {
    // Read only as many of an anonymous rater's ratings as affect the weight.
    let rows = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", value, by_link as "by_link!", experience, network,
                  silenced as "silenced!", count(*) as "count!"
           from (select photo_id, value, lane = 'link' as by_link, network,
                        coalesce(silenced_until > clock_timestamp(), false) as silenced,
                        case when users.name is null then
                            (select count(*) from (select from ratings as own
                                                   where own.rater_id = users.id and own.lane <> 'link'
                                                   limit $2) as done)
                        end as experience
                 from ratings join users on users.id = rater_id
                 where photo_id = any($1)) as ratings
           group by photo_id, value, by_link, experience, network, silenced"#,
        photos,
        EXPERIENCED,
    )
    .fetch_all(db)
    .await?;
    let mut ratings = BTreeMap::<PhotoId, Vec<Alike>>::new();
    for row in rows {
        ratings.entry(row.photo).or_default().push(Alike {
            value: row.value,
            by_link: row.by_link,
            experience: row.experience,
            network: row.network,
            silenced: row.silenced,
            count: row.count,
        });
    }
    Ok(ratings)
}

/// A photo with many ratings of low weight.
#[derive(Clone, Debug)]
pub struct Doubtful {
    /// Which one.
    pub photo: PhotoId,
    /// Its title.
    pub title: String,
    /// The number of its ratings.
    pub ratings: i64,
    /// The weight of its ratings, in thousandths of an ordinary rating.
    pub weight: i64,
    /// The number of ratings through links.
    pub links: i32,
    /// The largest number of ratings from one network.
    pub crowd: i32,
    /// The time of the newest rating.
    pub weighed_at: DateTime<Utc>,
}

/// Lists live photos that were rated within a week, have at least twenty ratings, and whose weight is less than half
/// their number, or of which at least twenty and a quarter came through links or from one network. The largest loss of
/// weight comes first.
pub async fn list_doubtful(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Doubtful>> {
    sqlx::query_as!(
        Doubtful,
        r#"select photo_id as "photo: PhotoId", title, n as "ratings!", weight as "weight!", links, crowd, weighed_at
           from photo_weights
           join photos on photos.id = photo_id and state = 'live'
           cross join lateral (select sum(c)::bigint as n from unnest(histogram) as c) as count
           cross join lateral (select sum(c)::bigint as weight from unnest(bars) as c) as sum
           where n >= 20 and weighed_at > now() - interval '7 days'
             and (weight * 2 < n * $2 or links + crowd >= 20 and (links + crowd) * 4 > n)
           order by n * $2 - weight desc, photo_id
           limit $1"#,
        limit,
        ORDINARY,
    )
    .fetch_all(db)
    .await
}
