//! Invalidation drops what an event concerns, and nothing else.

use std::convert::Infallible;

use pawdium_shared::cache::{Event, Group};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::lists::Period;
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::{Site, redis_remembers};
use crate::workers::start_workers;
use pawdium_kit::waiting::{SOON, until, until_idle, until_job_is};
use pawdium_kit::workers::enqueue;

const ONE: PhotoId = PhotoId(1);
const TWO: PhotoId = PhotoId(2);

fn all() -> Vec<Group> {
    let mut groups = vec![Group::photo(ONE), Group::photo(TWO), Group::trending()];
    for period in Period::ALL {
        groups.extend(
            [None, Some(Species::Dog), Some(Species::Cat)].map(|species| Group::top(period, species)),
        );
    }
    groups
}

/// Caches a fragment of each group. The cache passes over what Redis doesn't take within half a second.
async fn fill(site: &Site) {
    until("all is cached", SOON, async || {
        for group in all() {
            let computed: Result<u8, Infallible> =
                site.env.cache.get_or(&group, "fragment", async || Ok(7)).await;
            assert_eq!(computed, Ok(7));
        }
        (cached(site).await.len() == all().len()).then_some(())
    })
    .await;
}

async fn cached(site: &Site) -> Vec<String> {
    site.env.cache.list().await.expect("Redis answers").into_iter().map(|group| group.name).collect()
}

/// What of a full cache is gone after an event.
async fn dropped_by(site: &Site, event: Event) -> Vec<String> {
    fill(site).await;
    enqueue(&site.db, &InvalidateCache::of(event)).await;
    until_idle(&site.db).await;
    let left = cached(site).await;
    let mut dropped: Vec<_> = all().iter().map(|group| group.name().to_owned()).collect();
    dropped.retain(|name| !left.contains(name));
    dropped.sort();
    dropped
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn each_event_drops_exactly_what_shows_it(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    assert_eq!(dropped_by(&site, Event::PhotoRated { photo: ONE }).await, ["photo:1"]);
    assert_eq!(dropped_by(&site, Event::ViralityMoved { photos: vec![TWO] }).await, ["photo:2", "trending"]);
    let moved = dropped_by(&site, Event::RanksMoved { species: vec![Species::Dog] }).await;
    let periods = ["all", "day", "month", "week"];
    let expected: Vec<_> = periods
        .iter()
        .flat_map(|period| [format!("top:{period}:all"), format!("top:{period}:dog")])
        .collect();
    assert_eq!(moved, expected);
    let removed = dropped_by(&site, Event::PhotoRemoved { photo: ONE, species: Species::Cat }).await;
    let mut expected: Vec<_> = periods
        .iter()
        .flat_map(|period| [format!("top:{period}:all"), format!("top:{period}:cat")])
        .collect();
    expected.extend(["photo:1".to_owned(), "trending".to_owned()]);
    expected.sort();
    assert_eq!(removed, expected);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn while_redis_is_away_the_invalidation_waits(db: PgPool) {
    let site = Site::with(db, &[("PAWDIUM_REDIS__URL", "redis://127.0.0.1:9")]);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &InvalidateCache::of(Event::PhotoRated { photo: ONE })).await;
    let waiting = until_job_is(&site.db, job, "scheduled").await;
    assert!(waiting.last_error.is_some());

    // However often it has failed, it is tried again.
    sqlx::query("update jobs set attempt = 1000, run_at = now()").execute(&site.db).await.expect("it is due");
    let again = async || {
        let attempt: i16 =
            sqlx::query_scalar("select attempt from jobs").fetch_one(&site.db).await.expect("it lives");
        (attempt > 1000).then_some(())
    };
    until("it is tried once more", SOON, again).await;
    let waiting = until_job_is(&site.db, job, "scheduled").await;
    assert_eq!(waiting.attempt, 1001);
    workers.stop().await;
}

/// Computes a fragment of a photo unless it is cached; `meanwhile` happens while it is computed.
async fn read(site: &Site, value: u8, meanwhile: impl AsyncFnOnce()) -> u8 {
    let compute = async || {
        meanwhile().await;
        Ok::<_, Infallible>(value)
    };
    let Ok(read) = site.env.cache.get_or(&Group::photo(ONE), "fragment", compute).await;
    read
}

/// Loses all that Redis holds of this site.
async fn lose_everything(site: &Site) {
    let mut redis = site.env.redis.dedicated().await.expect("Redis is there");
    let pattern = site.env.redis.key("*");
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.expect("it lists them");
    if !keys.is_empty() {
        redis::cmd("DEL").arg(keys).exec_async(&mut redis).await.expect("it forgets them");
    }
}

/// What was computed before a change is not stored after it, whatever Redis has forgotten in between.
#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_a_drop_overtakes_is_not_stored(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    site.env.redis.check().await.expect("Redis is there");
    let photo = [Group::photo(ONE)];
    let drop = async || site.env.cache.drop_groups(&photo).await.expect("Redis answers");
    assert_eq!(read(&site, 1, drop).await, 1);
    assert_eq!(read(&site, 2, async || lose_everything(&site).await).await, 2);
    let both = async || {
        drop().await;
        lose_everything(&site).await;
    };
    assert_eq!(read(&site, 3, both).await, 3);
    let ranks = async || site.env.cache.drop_groups(&[Group::ranks()]).await.expect("Redis answers");
    assert_eq!(read(&site, 4, ranks).await, 4);
    assert_eq!(read(&site, 5, async || ()).await, 5);
    assert_eq!(read(&site, 6, async || ()).await, 5, "nothing happened: it is cached");
    ranks().await;
    assert_eq!(read(&site, 7, async || ()).await, 7, "a drop of the ranks voids every photo");
}
