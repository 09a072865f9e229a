//! Invalidation drops exactly what an event makes stale.

use std::collections::VecDeque;

use parking_lot::Mutex;
use pawdium_kit::waiting::{SOON, until, until_idle, until_job_is};
use pawdium_kit::workers::enqueue;
use pawdium_shared::cache::{Around, Cached, Group, Listed, Lookup, Whole};
use pawdium_shared::db::Db;
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::photos::Species;
use pawdium_shared::photos::cached::CachedPhoto;
use pawdium_shared::ranking::lists::{NewList, Period, TopList, TrendingList};
use pawdium_worker::runner;
use sqlx::PgPool;
use strum::VariantArray as _;
use tokio::sync::oneshot;

use crate::site::{Site, redis_remembers};
use crate::workers::start_workers;

const ONE: PhotoId = PhotoId(1);
const TWO: PhotoId = PhotoId(2);

fn all() -> Vec<Group> {
    let mut groups = vec![CachedPhoto(ONE).group(), CachedPhoto(TWO).group()];
    let every_species = [None, Some(Species::Dog), Some(Species::Cat)];
    groups.extend(every_species.map(|species| TrendingList { species }.group()));
    groups.extend(every_species.map(|species| NewList { species }.group()));
    for &period in Period::VARIANTS {
        groups.extend(every_species.map(|species| TopList { period, species }.group()));
    }
    groups
}

/// A fragment in one of the groups of [`all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Filler(usize);

impl Listed for Filler {}

impl Cached for Filler {
    const KIND: &'static str = "filler";
    type Part = Whole;
    type Data = u8;

    fn name(&self) -> String {
        String::new()
    }

    async fn stale_after(_: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(Vec::new())
    }

    fn group(&self) -> Group {
        all()[self.0].clone()
    }

    async fn load(these: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, u8)>> {
        Ok(these.iter().map(|filler| (*filler, 7)).collect())
    }
}

/// Caches a fragment of each group, repeatedly, because the cache skips what Redis doesn't accept within half a second.
async fn fill(site: &Site) {
    let fillers: Vec<_> = (0..all().len()).map(Filler).collect();
    until("all is cached", SOON, async || {
        let found = site.env.cache.find_each(&site.env.db, &fillers, Whole).await.expect("it is loaded");
        assert_eq!(found.len(), fillers.len());
        (cached(site).await.len() == all().len()).then_some(())
    })
    .await;
}

async fn cached(site: &Site) -> Vec<String> {
    site.env.cache.list().await.expect("Redis answers").into_iter().map(|group| group.name).collect()
}

/// Returns the groups of a full cache that an event drops.
async fn dropped_by(site: &Site, event: Event) -> Vec<String> {
    fill(site).await;
    enqueue(&site.db, &InvalidateCache { event }).await;
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
    let moved = dropped_by(&site, Event::ViralityMoved { photos: vec![TWO] }).await;
    assert_eq!(moved, ["photo:2", "trending:all", "trending:cat", "trending:dog"]);
    let published = dropped_by(&site, Event::PhotoPublished { photo: ONE, species: Species::Cat }).await;
    assert_eq!(published, ["new:all", "new:cat", "photo:1"]);
    let moved =
        dropped_by(&site, Event::RanksMoved { species: vec![Species::Dog], photos: Vec::new() }).await;
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
    expected.extend(["new:all", "new:cat", "photo:1", "trending:all", "trending:cat"].map(str::to_owned));
    expected.sort();
    assert_eq!(removed, expected);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn while_redis_is_away_the_invalidation_waits(db: PgPool) {
    let site = Site::with(db, &[("PAWDIUM_REDIS__URL", "redis://127.0.0.1:9")]);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &InvalidateCache { event: Event::PhotoRated { photo: ONE } }).await;
    let waiting = until_job_is(&site.db, job, "scheduled").await;
    assert!(waiting.last_error.is_some());

    // Waiting for Redis doesn't count as an attempt, so it never ends the job.
    sqlx::query("update jobs set attempt = 1000, run_at = now()").execute(&site.db).await.expect("it is due");
    let again = async || {
        let attempt: i16 =
            sqlx::query_scalar("select attempt from jobs").fetch_one(&site.db).await.expect("it lives");
        (attempt > 1000).then_some(())
    };
    until("it is tried once more", SOON, again).await;
    let waiting = until_job_is(&site.db, job, "scheduled").await;
    assert_eq!(waiting.attempt, 1000);
    workers.stop().await;
}

/// Data whose loading the test controls: each load takes the next of `LOADS[N]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Slow<const N: usize>;

struct Load {
    begun: oneshot::Sender<()>,
    value: oneshot::Receiver<u8>,
}

static LOADS: [Mutex<VecDeque<Load>>; 2] = [const { Mutex::new(VecDeque::new()) }; 2];

impl<const N: usize> Listed for Slow<N> {}

impl<const N: usize> Cached for Slow<N> {
    const KIND: &'static str = CachedPhoto::KIND;
    const AROUND: Option<Around> = CachedPhoto::AROUND;
    type Part = Whole;
    type Data = u8;

    fn name(&self) -> String {
        CachedPhoto(ONE).name()
    }

    async fn stale_after(_: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(Vec::new())
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, u8)>> {
        let load = LOADS[N].lock().pop_front().expect("the test expects this load");
        let _ = load.begun.send(());
        Ok(vec![(Self, load.value.await.expect("the test says what is loaded"))])
    }
}

/// The next load of `Slow<N>`: signals its start and awaits its value.
fn next_load<const N: usize>() -> (oneshot::Receiver<()>, oneshot::Sender<u8>) {
    let ((begun, has_begun), (bring, value)) = (oneshot::channel(), oneshot::channel());
    LOADS[N].lock().push_back(Load { begun, value });
    (has_begun, bring)
}

async fn get<const N: usize>(site: &Site) -> u8 {
    site.env.cache.get(&site.env.db, Slow::<N>, Whole).await.expect("it is cached or loaded")
}

/// Reads `Slow<0>`, which loads `value` unless it is cached. Runs `meanwhile` during the load.
async fn read(site: &Site, value: u8, meanwhile: impl AsyncFnOnce()) -> u8 {
    let (has_begun, bring) = next_load::<0>();
    let loading = async {
        if has_begun.await.is_ok() {
            meanwhile().await;
            bring.send(value).expect("the load waits for it");
        }
    };
    let reading = async {
        let read = get::<0>(site).await;
        LOADS[0].lock().clear();
        read
    };
    tokio::join!(reading, loading).0
}

/// Deletes all of this site's keys in Redis.
async fn lose_everything(site: &Site) {
    let mut redis = site.env.redis.dedicated().await.expect("Redis is there");
    let pattern = site.env.redis.key("*");
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.expect("it lists them");
    if !keys.is_empty() {
        redis::cmd("DEL").arg(keys).exec_async(&mut redis).await.expect("it forgets them");
    }
}

/// Data loaded before a change is not stored after it, whatever Redis loses in between.
#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn data_loaded_before_a_drop_is_not_stored_after_it(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    site.env.redis.check().await.expect("Redis is there");
    let drop_after = async |event| {
        let (stale, asked) = site.env.cache.stale_after(&[event], &site.env.db).await;
        asked.expect("all kinds can tell");
        site.env.cache.drop_groups(&stale.groups).await.expect("Redis answers");
    };
    let drop = async || drop_after(Event::PhotoRated { photo: ONE }).await;
    assert_eq!(read(&site, 1, drop).await, 1);
    assert_eq!(read(&site, 2, async || lose_everything(&site).await).await, 2);
    let both = async || {
        drop().await;
        lose_everything(&site).await;
    };
    assert_eq!(read(&site, 3, both).await, 3);
    let ranks = async || drop_after(Event::RanksMoved { species: Vec::new(), photos: Vec::new() }).await;
    assert_eq!(read(&site, 4, ranks).await, 4);
    assert_eq!(read(&site, 5, async || ()).await, 5);
    assert_eq!(read(&site, 6, async || ()).await, 5, "nothing happened: it is cached");
    ranks().await;
    assert_eq!(read(&site, 7, async || ()).await, 7, "a drop of the ranks voids every photo");
}

/// Concurrent requests share one load. A request after a change doesn't get data from before it.
#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn concurrent_requests_share_one_load(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    site.env.redis.check().await.expect("Redis is there");
    let ((before_begun, before), (after_begun, after)) = (next_load::<1>(), next_load::<1>());
    let asking = async {
        let many = (0..50).map(|_| get::<1>(&site));
        futures::future::join_all(many).await
    };
    let changing = async {
        before_begun.await.expect("somebody loads");
        let (stale, asked) =
            site.env.cache.stale_after(&[Event::PhotoRated { photo: ONE }], &site.env.db).await;
        asked.expect("all kinds can tell");
        site.env.cache.drop_groups(&stale.groups).await.expect("Redis answers");
        let loading = async {
            after_begun.await.expect("who comes later loads again");
            before.send(1).expect("the first load waits");
            after.send(2).expect("the second load waits");
        };
        tokio::join!(get::<1>(&site), loading).0
    };
    let (many, later) = tokio::join!(asking, changing);
    assert!(many.iter().all(|value| [1, 2].contains(value)), "{many:?}");
    assert_eq!(later, 2);
    assert_eq!(get::<1>(&site).await, 2, "what came after the change is what is stored");
    assert!(LOADS[1].lock().is_empty());
}
