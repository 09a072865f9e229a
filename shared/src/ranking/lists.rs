//! The lists of photos: by score, by virality and by age.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::cache::{Cached, Lookup};
use crate::db::Db;
use crate::events::Event;
use crate::ids::PhotoId;
pub use crate::paging::{Page, PageOf};
use crate::paging::{Paged, load_pages};
use crate::photos::Species;

/// How far back a top list looks, by the time photos went live.
///
/// Pages offer the variants in this order.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Deserialize,
    EnumString,
    IntoStaticStr,
    Serialize,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
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
    /// The name in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
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

/// The photos with the best scores as of the last ranking.
///
/// The period moves with the clock, so a cached list is late by up to its lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopList {
    /// How far it looks back.
    pub period: Period,
    /// The species, or `None` for all.
    pub species: Option<Species>,
}

impl Cached for TopList {
    const KIND: &'static str = "top";
    type Part = PageOf;
    type Data = Page<PhotoId>;

    fn name(&self) -> String {
        format!("{}:{}", self.period.name(), self.species.map_or("all", Species::name))
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        // A new photo has no rank yet. It appears after the next ranking.
        if !matches!(
            event,
            Event::RanksMoved { .. } | Event::PhotoChanged { .. } | Event::PhotoRemoved { .. }
        ) {
            return Ok(Vec::new());
        }
        let species = || every(event.species());
        let periods = Period::VARIANTS.iter().copied();
        Ok(periods.flat_map(|period| species().map(move |species| Self { period, species })).collect())
    }

    /// Pages past the end are not cached, because visitors can request any number of them.
    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        load_pages(these, page, db).await
    }
}

/// The photos with the highest virality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrendingList {
    /// The species, or `None` for all.
    pub species: Option<Species>,
}

impl Cached for TrendingList {
    const KIND: &'static str = "trending";
    type Part = PageOf;
    type Data = Page<PhotoId>;

    fn name(&self) -> String {
        self.species.map_or("all", Species::name).to_owned()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        // A new photo appears when it is first viewed or shared.
        Ok(match event {
            // It names photos, of any species.
            Event::ViralityMoved { .. } => every(Species::VARIANTS).map(|species| Self { species }).collect(),
            Event::PhotoChanged { .. } | Event::PhotoRemoved { .. } => {
                every(event.species()).map(|species| Self { species }).collect()
            }
            _ => Vec::new(),
        })
    }

    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        load_pages(these, page, db).await
    }
}

/// The photos that went live last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NewList {
    /// The species, or `None` for all.
    pub species: Option<Species>,
}

impl Cached for NewList {
    const KIND: &'static str = "new";
    type Part = PageOf;
    type Data = Page<PhotoId>;

    fn name(&self) -> String {
        self.species.map_or("all", Species::name).to_owned()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::PhotoPublished { .. } | Event::PhotoChanged { .. } | Event::PhotoRemoved { .. } => {
                every(event.species()).map(|species| Self { species }).collect()
            }
            _ => Vec::new(),
        })
    }

    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        load_pages(these, page, db).await
    }
}

/// All species as one, then each of these.
fn every(species: &[Species]) -> impl Iterator<Item = Option<Species>> + '_ {
    std::iter::once(None).chain(species.iter().copied().map(Some))
}

impl Paged for TopList {
    type Item = PhotoId;

    async fn load_page(self, db: &mut PgConnection, page: PageOf) -> sqlx::Result<Page<PhotoId>> {
        let (days, species) = (self.period.days(), self.species.map(Species::name));
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
            page.limit,
            page.offset(),
        )
        .fetch_all(db)
        .await?;
        Ok(Page::new(photos, page, total))
    }
}

impl Paged for TrendingList {
    type Item = PhotoId;

    async fn load_page(self, db: &mut PgConnection, page: PageOf) -> sqlx::Result<Page<PhotoId>> {
        let species = self.species.map(Species::name);
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from photos join photo_stats on photo_id = photos.id
               where state = 'live' and virality is not null and ($1::text is null or species = $1)"#,
            species,
        )
        .fetch_one(&mut *db)
        .await?;
        let photos = sqlx::query_scalar!(
            r#"select photos.id as "id: PhotoId" from photos join photo_stats on photo_id = photos.id
               where state = 'live' and virality is not null and ($1::text is null or species = $1)
               order by virality desc, photo_stats.photo_id
               limit $2 offset $3"#,
            species,
            page.limit,
            page.offset(),
        )
        .fetch_all(db)
        .await?;
        Ok(Page::new(photos, page, total))
    }
}

impl Paged for NewList {
    type Item = PhotoId;

    async fn load_page(self, db: &mut PgConnection, page: PageOf) -> sqlx::Result<Page<PhotoId>> {
        let species = self.species.map(Species::name);
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from photos
               where state = 'live' and ($1::text is null or species = $1)"#,
            species,
        )
        .fetch_one(&mut *db)
        .await?;
        // By the index photos_live_at.
        let photos = sqlx::query_scalar!(
            r#"select id as "id: PhotoId" from photos
               where state = 'live' and ($1::text is null or species = $1)
               order by live_at desc, id desc
               limit $2 offset $3"#,
            species,
            page.limit,
            page.offset(),
        )
        .fetch_all(db)
        .await?;
        Ok(Page::new(photos, page, total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Stale;
    use crate::cached::KINDS;

    async fn stale_after(event: Event) -> Vec<String> {
        // Only the kinds about hubs, topics and remixes ask the database.
        let asks = |name: &str| {
            name.starts_with("hub-") || matches!(name, "topic" | "topic-photos" | "photo-lineage")
        };
        let kinds: Vec<_> = KINDS.iter().copied().filter(|kind| !asks(kind.name)).collect();
        let pool =
            sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nowhere").expect("it is a URL");
        let (stale, asked) = Stale::after(&[event], &kinds, &Db::from(pool)).await;
        asked.expect("they answer");
        let mut names: Vec<_> = stale.groups.iter().map(|group| group.name().to_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_rating_makes_its_photo_stale_and_nothing_else() {
        assert_eq!(stale_after(Event::PhotoRated { photo: PhotoId(7) }).await, ["photo:7"]);
    }

    #[tokio::test]
    async fn moved_ranks_of_dogs_leave_the_lists_of_cats_alone() {
        let stale = stale_after(Event::RanksMoved { species: vec![Species::Dog], photos: Vec::new() }).await;
        let mut expected = vec!["ranks".to_owned()];
        for period in Period::VARIANTS {
            expected.extend(["all", "dog"].map(|species| format!("top:{}:{species}", period.name())));
        }
        expected.sort();
        assert_eq!(stale, expected);
    }

    #[tokio::test]
    async fn a_removed_photo_makes_all_lists_stale_that_may_show_it() {
        let stale = stale_after(Event::PhotoRemoved { photo: PhotoId(7), species: Species::Cat }).await;
        for name in [
            "photo:7",
            "trending:all",
            "trending:cat",
            "new:all",
            "new:cat",
            "totals",
            "top:day:cat",
            "top:all:all",
        ] {
            assert!(stale.contains(&name.to_owned()), "{name}");
        }
        for name in ["top:day:dog", "trending:dog", "new:dog"] {
            assert!(!stale.contains(&name.to_owned()), "{name}");
        }
    }

    #[tokio::test]
    async fn a_new_photo_makes_the_newest_photos_of_its_species_stale() {
        let stale = stale_after(Event::PhotoPublished { photo: PhotoId(7), species: Species::Cat }).await;
        let topics = ["sections", "topics:most", "topics:name", "topics:new", "totals"];
        assert_eq!(stale, [&["new:all", "new:cat", "photo:7"], &topics[..]].concat());
    }

    #[tokio::test]
    async fn moved_virality_makes_trending_stale_for_all_species() {
        let stale = stale_after(Event::ViralityMoved { photos: vec![PhotoId(7)] }).await;
        let mut expected = vec!["photo:7".to_owned(), "trending:all".to_owned()];
        expected.extend(Species::VARIANTS.iter().map(|species| format!("trending:{species}")));
        expected.sort();
        assert_eq!(stale, expected);
    }
}
