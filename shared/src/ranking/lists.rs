//! The top and trending lists.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::ids::PhotoId;
use crate::photos::Species;

/// How far back a top list looks, by when photos went live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// All photos.
    #[default]
    All,
    /// The last 30 days.
    Month,
    /// The last 7 days.
    Week,
    /// The last 24 hours.
    Day,
}

impl Period {
    /// Every period, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Month, Self::Week, Self::Day];

    /// The name in URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
        }
    }

    const fn days(self) -> Option<i32> {
        match self {
            Self::All => None,
            Self::Month => Some(30),
            Self::Week => Some(7),
            Self::Day => Some(1),
        }
    }
}

/// One page of a list of photos, or of their ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The photos on it, in order.
    pub photos: Vec<T>,
    /// Its number, from 1.
    pub page: i64,
    /// The number of the last page, at least 1.
    pub last_page: i64,
}

impl<T> Page<T> {
    fn new(photos: Vec<T>, page: i64, limit: i64, total: i64) -> Self {
        Self { photos, page, last_page: total.max(1).saturating_add(limit - 1) / limit }
    }
}

/// The photos with the best scores as of the last ranking. `page` counts from 1, `limit` is what a page holds.
pub async fn top(
    db: &mut PgConnection,
    period: Period,
    species: Option<Species>,
    page: i64,
    limit: i64,
) -> sqlx::Result<Page<PhotoId>> {
    let (days, species) = (period.days(), species.map(Species::name));
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from photos join photo_ranks on photo_id = photos.id
           where state = 'live'
             and ($1::integer is null or live_at > now() - make_interval(days => $1))
             and ($2::text is null or species = $2)"#,
        days,
        species,
    )
    .fetch_one(&mut *db)
    .await?;
    let photos = sqlx::query_scalar!(
        r#"select photos.id as "id: PhotoId" from photos join photo_ranks on photo_id = photos.id
           where state = 'live'
             and ($1::integer is null or live_at > now() - make_interval(days => $1))
             and ($2::text is null or species = $2)
           order by rank, photo_ranks.photo_id
           limit $3 offset $4"#,
        days,
        species,
        limit,
        (page - 1).saturating_mul(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(Page::new(photos, page, limit, total))
}

/// The photos with the highest virality.
pub async fn trending(db: &mut PgConnection, page: i64, limit: i64) -> sqlx::Result<Page<PhotoId>> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from photos join photo_stats on photo_id = photos.id
           where state = 'live' and virality is not null"#,
    )
    .fetch_one(&mut *db)
    .await?;
    let photos = sqlx::query_scalar!(
        r#"select photos.id as "id: PhotoId" from photos join photo_stats on photo_id = photos.id
           where state = 'live' and virality is not null
           order by virality desc, photo_stats.photo_id
           limit $1 offset $2"#,
        limit,
        (page - 1).saturating_mul(limit),
    )
    .fetch_all(db)
    .await?;
    Ok(Page::new(photos, page, limit, total))
}
