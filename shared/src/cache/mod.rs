//! Cached data, in Redis.
//!
//! Fragments that go stale together form a group: one Redis hash, dropped as a whole. Loaded data belongs to the
//! generation of its group, to the generation of the surrounding group if there is one, and to the epoch of the cache.
//! These are random numbers that a reader fetches before it loads; the data is stored only if they are still the same.
//! A drop deletes the group with its generation, and the next reader draws a new one. Data loaded before a drop is
//! therefore never stored after it, even if Redis loses everything in between. Fragments of another epoch, or of
//! another generation of the surrounding group, are void. So dropping the ranks voids all photos at once, and when a
//! drop fails or Redis was away, the epoch is deleted (see [`crate::redis`]).
//!
//! Web processes keep whole pages in memory, too. Such a page depends on the groups that were read for it
//! ([`gathering`]), and every drop announces its groups to all processes ([`Keeper`]).
//!
//! Each kind of data defines how it is loaded and which events make it stale: see [`Cached`].

mod cached;
mod flights;
mod fragments;
mod group;
mod groups;
mod reload;
mod staleness;
mod stats;

pub use cached::{
    Around, Cached, Kind, Listed, Lookup, News, NotAsked, Notes, Reloaded, Stale, ToReload, Whole,
};
pub use group::Group;
pub use groups::CachedGroup;
pub use reload::{Due, Reload};
pub(crate) use staleness::Told;
pub use staleness::{Keeper, Staleness, WentStale, depend_on, gathering};
pub use stats::{KindStats, Outcome, Trace};

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::debug;

use crate::db::Db;
use crate::events::Event;
use crate::redis::{Patience, Redis};
use flights::{Flight, Flights, Join, Waiting};
use fragments::Stamp;
use stats::Reads;

/// How long a request waits for its change to drop fragments. Redis usually answers in less than a millisecond, and the
/// next page is requested later than this.
const DROPPING: Duration = Duration::from_millis(5);

/// The same for changes about which kinds ask the database. They are rarer.
const ASKING: Duration = Duration::from_millis(25);

/// For how long a process doesn't try again what took longer than [`SLOW`] and failed, so that it delays one page and
/// not each. An event about the data ends that.
const FAILED: Duration = Duration::from_secs(3);
const SLOW: Duration = Duration::from_millis(500);

/// The cache. Clones share it.
#[derive(Clone, Debug)]
pub struct Cache {
    redis: Redis,
    kinds: Arc<[Kind]>,
    flights: Flights,
    reads: Reads,
    told: Told,
}

impl Cache {
    /// Creates a cache of these kinds of data on this connection.
    #[must_use]
    pub fn new(redis: Redis, kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self {
            redis,
            kinds: kinds.into_iter().collect(),
            flights: Flights::default(),
            reads: Reads::default(),
            told: Told::default(),
        }
    }

    /// From now on, this keeper is told what this cache drops, before it is gone from Redis and even if Redis is away.
    pub fn tell(&self, keeper: Arc<dyn Keeper>) {
        self.told.set(keeper);
    }

    /// Counts reads that found data, and those that didn't, of what is kept elsewhere.
    pub fn count_reads(&self, label: &'static str, hits: u64, misses: u64) {
        self.reads.count(label, hits, misses);
    }

    /// From now on, a transaction of this database drops what its events make stale, right after its commit.
    pub fn follow(&self, db: &Db) {
        db.kept(|db| Forgetter { cache: self.clone(), db });
    }

    /// Returns one part's data, from the cache or from the database. Without Redis it is always loaded.
    ///
    /// # Errors
    /// If the data has to be loaded and the database fails; [`sqlx::Error::RowNotFound`] if it doesn't exist.
    pub async fn get<C: Cached>(&self, db: &Db, one: C, part: C::Part) -> sqlx::Result<C::Data> {
        self.find(db, one, part).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Like [`get`](Self::get), but returns `None` if the data doesn't exist.
    ///
    /// # Errors
    /// If the data has to be loaded and the database fails.
    pub async fn find<C: Cached>(&self, db: &Db, one: C, part: C::Part) -> sqlx::Result<Option<C::Data>> {
        Ok(self.find_each(db, &[one], part).await?.remove(&one))
    }

    /// Returns the same part of each of `these`. Reads cached data in one round trip and loads the rest at once. Waits
    /// for data that other requests are already loading. Omits data that doesn't exist.
    ///
    /// # Errors
    /// If data has to be loaded and the database fails.
    pub async fn find_each<C: Cached>(
        &self,
        db: &Db,
        these: &[C],
        part: C::Part,
    ) -> sqlx::Result<HashMap<C, C::Data>> {
        let (groups, fragment) = (these.iter().map(C::group).collect::<Vec<_>>(), part.to_string());
        staleness::gather(&groups);
        let readings = fragments::read(&self.redis, &groups, &fragment, Patience::Page).await;
        let readings = readings.inspect_err(|error| debug!(%error, "loading without the cache"));
        let mut readings = readings.unwrap_or_default().into_iter();
        let mut found = HashMap::with_capacity(these.len());
        let mut missing = Missing::default();
        for (one, group) in these.iter().copied().zip(groups) {
            let (stamp, json) = readings.next().unzip();
            match (parse(json.flatten().as_deref()).filter(C::is_current), stamp) {
                (Some(data), _) => {
                    self.reads.count(C::label(&data), 1, 0);
                    found.insert(one, data);
                }
                (None, None) => missing.unstored.push(one),
                (None, Some(stamp)) => {
                    match self.flights.join((group.name().to_owned(), fragment.clone(), stamp.clone())) {
                        Join::Leader(flight) => missing.led.push(Led { one, group, stamp, flight }),
                        Join::Follower(waiting) => missing.joined.push((one, waiting)),
                    }
                }
            }
        }
        if !missing.led.is_empty() {
            // On its own task: others may wait for it after the first caller is gone.
            let loading = self.clone().lead(db.clone(), missing.led, part, fragment);
            found.extend(tokio::spawn(loading).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))?);
        }
        for (one, waiting) in missing.joined {
            match waiting.result().await {
                Some(brought) => {
                    let data =
                        parse(brought.0.as_deref()).inspect(|data| self.reads.count(C::label(data), 0, 1));
                    found.extend(data.map(|data| (one, data)));
                }
                None => missing.unstored.push(one),
            }
        }
        if !missing.unstored.is_empty() {
            let loaded = C::load(&missing.unstored, part, db).await?;
            for (_, data) in &loaded {
                self.reads.count(C::label(data), 0, 1);
            }
            found.extend(loaded);
        }
        Ok(found)
    }

    /// Loads what other requests may be waiting for, and stores it.
    async fn lead<C: Cached>(
        self,
        db: Db,
        led: Vec<Led<C>>,
        part: C::Part,
        fragment: String,
    ) -> sqlx::Result<HashMap<C, C::Data>> {
        let these: Vec<_> = led.iter().map(|led| led.one).collect();
        let started = Instant::now();
        let loaded = C::load(&these, part, &db).await?;
        let was_slow = started.elapsed() > SLOW;
        let loaded: HashMap<C, C::Data> = loaded.into_iter().collect();
        for data in loaded.values() {
            self.reads.count(C::label(data), 0, 1);
            if let Some(error) = C::error(data) {
                self.reads.count_failed(C::label(data), error);
            }
        }
        let storing = led.iter().map(async |Led { one, group, stamp, flight }| {
            let data = loaded.get(one);
            let json = data.and_then(|data| serde_json::to_string(data).ok()).map(Arc::<str>::from);
            flight.complete(json.clone());
            if was_slow && data.is_some_and(|data| C::error(data).is_some()) {
                flight.linger(FAILED);
            }
            if let (Some(json), Some(data)) = (json, data.filter(|data| C::is_kept(data))) {
                let news = one.news(data);
                let stored =
                    fragments::store(&self.redis, group, &fragment, stamp, &json, news.as_ref()).await;
                if let Err(error) = stored {
                    debug!(%error, "couldn't store a fragment");
                }
            }
        });
        futures::future::join_all(storing).await;
        Ok(loaded)
    }

    /// Returns what these events make stale, and whether all kinds could say so.
    pub async fn stale_after(&self, events: &[Event], db: &Db) -> (Stale, Result<(), NotAsked>) {
        Stale::after(events, &self.kinds, db).await
    }

    /// Drops groups. Data that is being loaded now will not be stored.
    ///
    /// # Errors
    /// If Redis is unreachable. If this process survives, everything is dropped when Redis is back.
    pub async fn drop_groups(&self, groups: &[Group]) -> redis::RedisResult<()> {
        self.told.went_stale(groups, Staleness::Changed);
        fragments::drop(&self.redis, groups, Some(Staleness::Changed)).await
    }

    /// Drops the groups that events made stale.
    ///
    /// # Errors
    /// As [`drop_groups`](Self::drop_groups).
    pub async fn drop_stale(&self, stale: &Stale) -> redis::RedisResult<()> {
        self.told.went_stale(&stale.groups, stale.staleness);
        fragments::drop(&self.redis, &stale.groups, Some(stale.staleness)).await
    }

    /// Drops what these events make stale, so that the user who caused them sees the change on the next page. Waits a
    /// few milliseconds; if Redis takes longer, the drop continues in the background. The events' jobs guarantee the
    /// same drop.
    pub async fn forget(&self, db: &Db, events: Vec<Event>) {
        let are_ratings = events.iter().all(|event| matches!(event, Event::PhotoRated { .. }));
        let patience = if are_ratings { DROPPING } else { ASKING };
        let (cache, db) = (self.clone(), db.clone());
        let (dropped, is_dropped) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            // What needs no question to the database comes first, because the actor's next page shows it.
            let (plain, asking): (Vec<_>, Vec<_>) = cache.kinds.iter().partition(|kind| !kind.asks());
            cache.forget_kinds(&db, &events, &plain).await;
            // Ratings are frequent, and who rates looks at no widget at that moment. The events' jobs suffice for
            // these.
            let others: Vec<_> =
                events.into_iter().filter(|event| !matches!(event, Event::PhotoRated { .. })).collect();
            if others.is_empty() {
                let _ = dropped.send(());
                return;
            }
            cache.forget_kinds(&db, &others, &asking).await;
            let _ = dropped.send(());
        });
        let _ = tokio::time::timeout(patience, is_dropped).await;
    }

    async fn forget_kinds(&self, db: &Db, events: &[Event], kinds: &[Kind]) {
        let (stale, asked) = Stale::after(events, kinds, db).await;
        let reload: Vec<_> = stale.reload.iter().map(|one| one.group.clone()).collect();
        // Ratings are so frequent that other processes hear of them from the events' jobs, of which one stands for
        // many.
        let are_ratings = events.iter().all(|event| matches!(event, Event::PhotoRated { .. }));
        let announced = (!are_ratings).then_some(stale.staleness);
        self.told.went_stale(&stale.groups, stale.staleness);
        self.told.went_stale(&reload, stale.staleness);
        let (dropped, expired) = tokio::join!(
            fragments::drop(&self.redis, &stale.groups, announced),
            fragments::expire(&self.redis, &reload, stale.staleness)
        );
        // What was rendered meanwhile may have read what is only now gone from Redis.
        self.told.went_stale(&stale.groups, stale.staleness);
        self.told.went_stale(&reload, stale.staleness);
        if let Err(error) = dropped.and(expired.map(drop)) {
            debug!(%error, "couldn't drop fragments in time; the events' jobs will");
        }
        if let Err(error) = asked {
            debug!(%error, "couldn't tell what is stale; the events' jobs will");
        }
    }
}

/// A cache together with the database whose events make it stale.
#[derive(Clone, Debug)]
pub(crate) struct Forgetter {
    cache: Cache,
    db: Db,
}

impl Forgetter {
    /// Drops what these events make stale. Waits a few milliseconds at most.
    pub(crate) async fn forget(&self, events: Vec<Event>) {
        self.cache.forget(&self.db, events).await;
    }
}

/// Data that isn't in Redis.
struct Missing<C> {
    /// To be loaded by this caller, for all concurrent requests.
    led: Vec<Led<C>>,
    /// Being loaded by another request.
    joined: Vec<(C, Waiting)>,
    /// To be loaded for this caller alone: Redis is away, or the joined flight failed.
    unstored: Vec<C>,
}

impl<C> Default for Missing<C> {
    fn default() -> Self {
        Self { led: Vec::new(), joined: Vec::new(), unstored: Vec::new() }
    }
}

struct Led<C> {
    one: C,
    group: Group,
    stamp: Stamp,
    flight: Flight,
}

fn parse<T: serde::de::DeserializeOwned>(json: Option<&str>) -> Option<T> {
    json.and_then(|json| serde_json::from_str(json).ok())
}
