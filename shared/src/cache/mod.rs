//! Cached fragments: the data of lists and photo pages, in Redis.
//!
//! Fragments that go stale together form a group: one Redis hash, dropped whole. What is computed belongs to the generation
//! of its group, to that of the group around it if there is one, and to the epoch of the cache: random numbers that are
//! read before and must be the same when it is stored. A drop deletes the group with its generation; the next reader draws
//! another, so what was computed before a drop is never stored after it, even when Redis has lost everything in between.
//! Fragments of another epoch, or of another generation around them, are void. So a drop of the ranks voids all photos at
//! once, and when a drop fails, or Redis was away, the epoch is deleted (see [`crate::redis`]).
//!
//! `rules.rs` says what is cached, which facts it shows, and which events drop it.

mod events;
mod rules;

pub use events::Event;
pub use rules::{Group, groups_concerned, topics_concerned};

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::{ExistenceCheck, Script, SetExpiry, SetOptions};
use serde::{Serialize, de::DeserializeOwned};
use tracing::debug;

use crate::redis::{Patience, Redis};

/// A fragment is never older than this, whatever else goes wrong.
const LIFETIME: Duration = Duration::from_mins(5);

/// A group's generation lives so long without a drop. What takes longer to compute isn't stored.
const GENERATION: Duration = Duration::from_mins(10);

/// How long one who has changed something waits for the fragments to be dropped. Redis usually answers in less than a
/// millisecond, and the next page is requested later than this.
const DROPPING: Duration = Duration::from_millis(5);

/// The fragments in Redis.
#[derive(Clone, Debug)]
pub struct Cache {
    redis: Redis,
}

/// What must still hold for a computed fragment to be stored: the epoch and the generations, the group's own the last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp(Vec<u64>);

impl Stamp {
    /// What a fragment bears that outlives drops of what is around its group.
    fn around(&self) -> String {
        let around = &self.0[..self.0.len().saturating_sub(1)];
        around.iter().map(u64::to_string).collect::<Vec<_>>().join("-")
    }
}

/// What Redis says of a fragment.
type Reading = (Stamp, Option<String>);

/// A group with fragments in it, for operators.
#[derive(Clone, Debug, Serialize)]
pub struct CachedGroup {
    /// The group's name.
    pub name: String,
    /// How many fragments it holds.
    pub fragments: u64,
    /// Seconds until it ends by itself.
    pub ttl: i64,
}

impl Cache {
    /// A cache on this connection.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// The fragment from the cache, or computed and stored. Without Redis it is computed.
    ///
    /// # Errors
    /// Those of `compute`.
    pub async fn get_or<T, E>(
        &self,
        group: &Group,
        fragment: &str,
        compute: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        self.get_or_keep(group, fragment, |_| true, compute).await
    }

    /// As [`get_or`](Self::get_or); what `keep` says no to isn't stored.
    ///
    /// # Errors
    /// Those of `compute`.
    pub async fn get_or_keep<T, E>(
        &self,
        group: &Group,
        fragment: &str,
        keep: impl Fn(&T) -> bool,
        compute: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let reading = self.read(&[group], fragment).await.and_then(|mut readings| readings.pop());
        let (stamp, found) = reading.unzip();
        if let Some(value) = parse(found.flatten().as_ref()) {
            return Ok(value);
        }
        let value = compute().await?;
        if let Some(stamp) = stamp
            && keep(&value)
        {
            self.store(group, fragment, &stamp, &value).await;
        }
        Ok(value)
    }

    /// The same fragment of several groups, one for each key, in one round trip. `compute` answers for all keys whose
    /// fragment isn't there; what it leaves out is left out here, and what `keep` says no to isn't stored.
    ///
    /// # Errors
    /// Those of `compute`.
    pub async fn get_each<K, T, E>(
        &self,
        keys: &[K],
        (group, fragment): (impl Fn(K) -> Group, &str),
        keep: impl Fn(&T) -> bool,
        compute: impl AsyncFnOnce(Vec<K>) -> Result<Vec<(K, T)>, E>,
    ) -> Result<Vec<(K, T)>, E>
    where
        K: Copy + Ord,
        T: Serialize + DeserializeOwned,
    {
        let groups: Vec<Group> = keys.iter().copied().map(&group).collect();
        let readings = self.read(&groups.iter().collect::<Vec<_>>(), fragment).await.unwrap_or_default();
        let (mut values, mut stamps, mut missing) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut readings = readings.into_iter();
        for key in keys.iter().copied() {
            let (stamp, found) = readings.next().unzip();
            match parse(found.flatten().as_ref()) {
                Some(value) => values.push((key, value)),
                None => missing.push(key),
            }
            stamps.extend(stamp.map(|stamp| (key, stamp)));
        }
        if missing.is_empty() {
            return Ok(values);
        }
        let computed = compute(missing).await?;
        let stores = computed.iter().filter(|(_, value)| keep(value)).filter_map(|(key, value)| {
            let (stamp, group) = (stamps.get(key)?, group(*key));
            Some(async move { self.store(&group, fragment, stamp, value).await })
        });
        join_all(stores).await;
        values.extend(computed);
        Ok(values)
    }

    /// The fragments that are stored and not void. Epoch and generations are drawn where there are none. `None`: Redis is
    /// of no help.
    async fn read(&self, groups: &[&Group], fragment: &str) -> Option<Vec<Reading>> {
        let mut pipe = redis::pipe();
        for group in groups {
            let keys = self.stamp_keys(group);
            let own = keys.len() - 1;
            for (number, key) in keys.iter().enumerate() {
                let mut options = SetOptions::default().conditional_set(ExistenceCheck::NX);
                // Without the generations around it a fragment would be void; its own is only needed to store it.
                if number == own {
                    options = options.with_expiration(SetExpiry::EX(GENERATION.as_secs()));
                }
                pipe.set_options(key, draw(), options).ignore();
            }
            pipe.mget(keys).hget(self.group_key(group), fragment);
        }
        let answers: redis::RedisResult<Vec<redis::Value>> =
            self.ask(Patience::Page, |mut redis| async move { pipe.query_async(&mut redis).await }).await;
        let readings = answers.and_then(|answers| {
            let mut readings = Vec::with_capacity(groups.len());
            let mut answers = answers.into_iter();
            while let (Some(stamp), Some(found)) = (answers.next(), answers.next()) {
                let stamp = Stamp(redis::from_redis_value(stamp)?);
                let found: Option<String> = redis::from_redis_value(found)?;
                let text = found.and_then(|found| {
                    let (around, text) = found.split_once(' ')?;
                    (around == stamp.around()).then(|| text.to_owned())
                });
                readings.push((stamp, text));
            }
            Ok(readings)
        });
        readings.inspect_err(|error| debug!(%error, "computing without the cache")).ok()
    }

    async fn store(&self, group: &Group, fragment: &str, stamp: &Stamp, value: &impl Serialize) {
        let Ok(text) = serde_json::to_string(value) else { return };
        let script = Script::new(
            "for i = 1, #KEYS - 1 do
                 if redis.call('get', KEYS[i]) ~= ARGV[3 + i] then return end
             end
             redis.call('hset', KEYS[#KEYS], ARGV[1], ARGV[2])
             if redis.call('ttl', KEYS[#KEYS]) < 0 then redis.call('expire', KEYS[#KEYS], ARGV[3]) end",
        );
        let mut call = script.arg(fragment);
        call.arg(format!("{} {text}", stamp.around())).arg(LIFETIME.as_secs()).arg(&stamp.0);
        for key in self.stamp_keys(group) {
            call.key(key);
        }
        call.key(self.group_key(group));
        let stored: redis::RedisResult<()> =
            self.ask(Patience::Page, |mut redis| async move { call.invoke_async(&mut redis).await }).await;
        if let Err(error) = stored {
            debug!(%error, "couldn't store a fragment");
        }
    }

    /// Drops groups; fragments that are being computed right now will not be stored.
    ///
    /// # Errors
    /// When Redis can't be reached. Everything is dropped then as soon as it is back, while this process lives.
    pub async fn drop_groups(&self, groups: &[Group]) -> redis::RedisResult<()> {
        if groups.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        pipe.atomic();
        for group in groups {
            pipe.unlink(&[self.generation_key(group), self.group_key(group)]).ignore();
        }
        let drop = |mut redis| async move { pipe.exec_async(&mut redis).await };
        self.redis.caches().run_or_owe(Patience::Job, drop).await
    }

    /// Drops at once what an event concerns, so that the one who caused it sees it on the next page. Waits a few milliseconds;
    /// if Redis takes longer, the drop goes on in the background. The event's job drops the same for certain.
    pub async fn forget(&self, event: &Event) {
        self.forget_all(std::slice::from_ref(event)).await;
    }

    /// As [`forget`](Self::forget), for several events in one round trip.
    pub async fn forget_all(&self, events: &[Event]) {
        let (cache, groups) = (self.clone(), events.iter().flat_map(groups_concerned).collect::<Vec<_>>());
        let dropping = tokio::spawn(async move {
            if let Err(error) = cache.drop_groups(&groups).await {
                debug!(%error, "left it to the job to drop fragments");
            }
        });
        let _ = tokio::time::timeout(DROPPING, dropping).await;
    }

    /// Lists the groups that hold fragments.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn list(&self) -> redis::RedisResult<Vec<CachedGroup>> {
        let prefix = self.redis.key("fragments:");
        let mut groups = Vec::new();
        for key in self.keys(&format!("{prefix}*")).await? {
            let mut pipe = redis::pipe();
            pipe.hlen(&key).ttl(&key);
            let (fragments, ttl): (u64, i64) = self
                .ask(Patience::Job, |mut redis| async move { pipe.query_async(&mut redis).await })
                .await?;
            groups.push(CachedGroup { name: key[prefix.len()..].to_owned(), fragments, ttl });
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    /// Drops every group whose name starts with `prefix`; answers with how many there were.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn clean(&self, prefix: &str) -> redis::RedisResult<usize> {
        let groups: Vec<Group> = self
            .list()
            .await?
            .into_iter()
            .filter(|group| group.name.starts_with(prefix))
            .map(|group| Group::named(group.name))
            .collect();
        self.drop_groups(&groups).await?;
        Ok(groups.len())
    }

    async fn ask<T, F>(
        &self,
        patience: Patience,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> redis::RedisResult<T>
    where
        F: Future<Output = redis::RedisResult<T>>,
    {
        self.redis.caches().run(patience, command).await
    }

    async fn keys(&self, pattern: &str) -> redis::RedisResult<Vec<String>> {
        let mut found = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(500);
            let (next, keys): (u64, Vec<String>) = self
                .ask(Patience::Job, |mut redis| async move { scan.query_async(&mut redis).await })
                .await?;
            found.extend(keys);
            cursor = next;
            if cursor == 0 {
                found.sort();
                found.dedup();
                return Ok(found);
            }
        }
    }

    fn group_key(&self, group: &Group) -> String {
        self.redis.key(&format!("fragments:{}", group.name()))
    }

    /// Where the numbers of a [`Stamp`] are.
    fn stamp_keys(&self, group: &Group) -> Vec<String> {
        let mut keys = vec![self.redis.epoch_key()];
        keys.extend(group.around().map(|around| self.generation_key(&around)));
        keys.push(self.generation_key(group));
        keys
    }

    fn generation_key(&self, group: &Group) -> String {
        self.redis.key(&format!("generation:{}", group.name()))
    }
}

/// A random number, large enough never to be drawn twice. It stays below 2^62, so that the previous version can count it up.
fn draw() -> u64 {
    rand::random::<u64>() >> 2
}

fn parse<T: DeserializeOwned>(text: Option<&String>) -> Option<T> {
    text.and_then(|text| serde_json::from_str(text).ok())
}
