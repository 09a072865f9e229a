//! Cached fragments: the data of lists and photo pages, in Redis.
//!
//! Fragments that go stale together form a group: one Redis hash, dropped whole. A group has a generation beside it,
//! bumped by every drop; what was computed before a drop is not stored after it, so nothing stale outlives its event.

mod events;
mod rules;

pub use events::Event;
pub use rules::{Group, groups_concerned, topics_concerned};

use std::time::Duration;

use redis::Script;
use serde::{Serialize, de::DeserializeOwned};
use tracing::debug;

use crate::redis::Redis;

/// A fragment is never older than this, whatever else goes wrong.
const LIFETIME: Duration = Duration::from_mins(5);

/// The fragments in Redis.
#[derive(Clone, Debug)]
pub struct Cache {
    redis: Redis,
}

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
        let (generation, found) = match self.read(group, fragment).await {
            Ok((generation, found)) => (Some(generation), found),
            Err(error) => {
                debug!(%error, "computing without the cache");
                (None, None)
            }
        };
        if let Some(value) = found.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(value);
        }
        let value = compute().await?;
        if let Some(generation) = generation
            && let Ok(text) = serde_json::to_string(&value)
            && let Err(error) = self.store(group, fragment, generation, &text).await
        {
            debug!(%error, "couldn't store a fragment");
        }
        Ok(value)
    }

    async fn read(&self, group: &Group, fragment: &str) -> redis::RedisResult<(i64, Option<String>)> {
        let (generation, found): (Option<i64>, Option<String>) = redis::pipe()
            .get(self.generation_key(group))
            .hget(self.group_key(group), fragment)
            .query_async(&mut self.redis.connection())
            .await?;
        Ok((generation.unwrap_or(0), found))
    }

    async fn store(
        &self,
        group: &Group,
        fragment: &str,
        generation: i64,
        text: &str,
    ) -> redis::RedisResult<()> {
        Script::new(
            "if (redis.call('get', KEYS[1]) or '0') == ARGV[1] then
                 redis.call('hset', KEYS[2], ARGV[2], ARGV[3])
                 if redis.call('ttl', KEYS[2]) < 0 then redis.call('expire', KEYS[2], ARGV[4]) end
             end",
        )
        .key(self.generation_key(group))
        .key(self.group_key(group))
        .arg(generation)
        .arg(fragment)
        .arg(text)
        .arg(LIFETIME.as_secs())
        .invoke_async(&mut self.redis.connection())
        .await
    }

    /// Drops groups; fragments that are being computed right now will not be stored.
    ///
    /// # Errors
    /// When Redis can't be reached; the fragments may then live on until their lifetime ends.
    pub async fn drop_groups(&self, groups: &[Group]) -> redis::RedisResult<()> {
        let mut pipe = redis::pipe();
        pipe.atomic();
        for group in groups {
            // A generation outlives any computation that read it; after that its absence means the same to everybody.
            pipe.incr(self.generation_key(group), 1).ignore();
            pipe.expire(self.generation_key(group), 86_400).ignore();
            pipe.del(self.group_key(group)).ignore();
        }
        pipe.exec_async(&mut self.redis.connection()).await
    }

    /// Drops at once what an event concerns, so that whoever caused it sees it on the next page. The event's job does
    /// the same for certain; here a failure only means waiting for it.
    pub async fn forget(&self, event: &Event) {
        if let Err(error) = self.drop_groups(&groups_concerned(event)).await {
            debug!(%error, "left it to the job to drop fragments");
        }
    }

    /// Lists the groups that hold fragments.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn list(&self) -> redis::RedisResult<Vec<CachedGroup>> {
        let prefix = self.redis.key("fragments:");
        let mut groups = Vec::new();
        for key in self.keys(&format!("{prefix}*")).await? {
            let (fragments, ttl): (u64, i64) =
                redis::pipe().hlen(&key).ttl(&key).query_async(&mut self.redis.connection()).await?;
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
        if !groups.is_empty() {
            self.drop_groups(&groups).await?;
        }
        Ok(groups.len())
    }

    async fn keys(&self, pattern: &str) -> redis::RedisResult<Vec<String>> {
        let mut found = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(500)
                .query_async(&mut self.redis.connection())
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

    fn generation_key(&self, group: &Group) -> String {
        self.redis.key(&format!("generation:{}", group.name()))
    }
}
