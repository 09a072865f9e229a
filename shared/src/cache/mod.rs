//! Cached data, in Redis.
//!
//! Fragments that go stale together form a group: one Redis hash, dropped whole. What is loaded belongs to the generation
//! of its group, to that of the group around it if there is one, and to the epoch of the cache: random numbers that are
//! read before and must be the same when it is stored. A drop deletes the group with its generation; the next reader draws
//! another, so what was loaded before a drop is never stored after it, even when Redis has lost everything in between.
//! Fragments of another epoch, or of another generation around them, are void. So a drop of the ranks voids all photos at
//! once, and when a drop fails, or Redis was away, the epoch is deleted (see [`crate::redis`]).
//!
//! Each kind of data says for itself how it is loaded and which events make it stale: see [`Cached`].

mod cached;
mod flights;
mod fragments;
mod group;
mod groups;

pub use cached::{Around, Cached, Kind, Listed, Stale, Whole};
pub use group::Group;
pub use groups::CachedGroup;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::db::Db;
use crate::events::Event;
use crate::redis::Redis;
use flights::{Flight, Flights, Passenger, Seat};
use fragments::Stamp;

/// How long one who has changed something waits for the fragments to be dropped. Redis usually answers in less than a
/// millisecond, and the next page is requested later than this.
const DROPPING: Duration = Duration::from_millis(5);

/// The cached data; a clone is a reference.
#[derive(Clone, Debug)]
pub struct Cache {
    redis: Redis,
    kinds: &'static [Kind],
    flights: Flights,
}

impl Cache {
    /// A cache on this connection, of these kinds of data.
    #[must_use]
    pub fn new(redis: Redis, kinds: &'static [Kind]) -> Self {
        Self { redis, kinds, flights: Flights::default() }
    }

    /// One part's data, from the cache or loaded and stored. Without Redis it is loaded.
    ///
    /// # Errors
    /// When it has to be loaded and the database fails; [`sqlx::Error::RowNotFound`] when there is none.
    pub async fn get<C: Cached>(&self, db: &Db, one: C, part: C::Part) -> sqlx::Result<C::Data> {
        self.find(db, one, part).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// As [`get`](Self::get); `None` when there is none.
    ///
    /// # Errors
    /// When it has to be loaded and the database fails.
    pub async fn find<C: Cached>(&self, db: &Db, one: C, part: C::Part) -> sqlx::Result<Option<C::Data>> {
        Ok(self.find_each(db, &[one], part).await?.remove(&one))
    }

    /// The same part of each of `these`, all that are cached in one round trip, and all others in one load. What others are
    /// loading already is awaited. What isn't there is left out.
    ///
    /// # Errors
    /// When something has to be loaded and the database fails.
    pub async fn find_each<C: Cached>(
        &self,
        db: &Db,
        these: &[C],
        part: C::Part,
    ) -> sqlx::Result<HashMap<C, C::Data>> {
        let (groups, fragment) = (these.iter().map(C::group).collect::<Vec<_>>(), part.to_string());
        let readings = fragments::read(&self.redis, &groups, &fragment).await;
        let readings = readings.inspect_err(|error| debug!(%error, "loading without the cache"));
        let mut readings = readings.unwrap_or_default().into_iter();
        let mut found = HashMap::with_capacity(these.len());
        let mut missing = Missing::default();
        for (one, group) in these.iter().copied().zip(groups) {
            let (stamp, json) = readings.next().unzip();
            match (parse(json.flatten().as_deref()), stamp) {
                (Some(data), _) => _ = found.insert(one, data),
                (None, None) => missing.unstored.push(one),
                (None, Some(stamp)) => {
                    match self.flights.board((group.name().to_owned(), fragment.clone(), stamp.clone())) {
                        Seat::First(flight) => missing.led.push(Led { one, group, stamp, flight }),
                        Seat::Joined(passenger) => missing.joined.push((one, passenger)),
                    }
                }
            }
        }
        if !missing.led.is_empty() {
            // On a task of its own: whoever asked first may go, and others wait for it.
            let loading = self.clone().lead(db.clone(), missing.led, part, fragment);
            found.extend(tokio::spawn(loading).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))?);
        }
        for (one, passenger) in missing.joined {
            match passenger.arrive().await {
                Some(brought) => found.extend(parse(brought.0.as_deref()).map(|data| (one, data))),
                None => missing.unstored.push(one),
            }
        }
        if !missing.unstored.is_empty() {
            found.extend(C::load(&missing.unstored, part, &mut *db.acquire().await?).await?);
        }
        Ok(found)
    }

    /// Loads what others may be waiting for, and stores it.
    async fn lead<C: Cached>(
        self,
        db: Db,
        led: Vec<Led<C>>,
        part: C::Part,
        fragment: String,
    ) -> sqlx::Result<HashMap<C, C::Data>> {
        let these: Vec<_> = led.iter().map(|led| led.one).collect();
        let loaded = C::load(&these, part, &mut *db.acquire().await?).await?;
        let loaded: HashMap<C, C::Data> = loaded.into_iter().collect();
        let storing = led.iter().map(async |Led { one, group, stamp, flight }| {
            let data = loaded.get(one);
            let json = data.and_then(|data| serde_json::to_string(data).ok()).map(Arc::<str>::from);
            flight.land(json.clone());
            if let Some(json) = json
                && data.is_some_and(C::is_kept)
                && let Err(error) = fragments::store(&self.redis, group, &fragment, stamp, &json).await
            {
                debug!(%error, "couldn't store a fragment");
            }
        });
        futures::future::join_all(storing).await;
        Ok(loaded)
    }

    /// What events make stale.
    #[must_use]
    pub fn stale_after(&self, events: &[Event]) -> Stale {
        Stale::after(events, self.kinds)
    }

    /// Drops groups; what is being loaded right now will not be stored.
    ///
    /// # Errors
    /// When Redis can't be reached. Everything is dropped then as soon as it is back, while this process lives.
    pub async fn drop_groups(&self, groups: &[Group]) -> redis::RedisResult<()> {
        fragments::drop(&self.redis, groups).await
    }

    /// Drops at once what events make stale, so that the one who caused them sees it on the next page. Waits a few
    /// milliseconds; if Redis takes longer, the drop goes on in the background. The events' jobs drop the same for certain.
    pub async fn forget(&self, events: &[Event]) {
        let (cache, groups) = (self.clone(), self.stale_after(events).groups);
        let dropping = tokio::spawn(async move {
            if let Err(error) = cache.drop_groups(&groups).await {
                debug!(%error, "left it to the job to drop fragments");
            }
        });
        let _ = tokio::time::timeout(DROPPING, dropping).await;
    }
}

/// What isn't in Redis.
struct Missing<C> {
    /// To be loaded for all who ask for it now.
    led: Vec<Led<C>>,
    /// Being loaded.
    joined: Vec<(C, Passenger)>,
    /// To be loaded for this caller alone: Redis is away, or the flight that was joined has failed.
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
