//! Counters in Redis and in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pawdium_shared::redis::{Patience, Redis};
use redis::Script;
use tracing::debug;

use super::local::Windows;

/// Counts in fixed windows that begin with the first request, both in Redis for all processes and in this process. The
/// higher count applies, so no count restarts when Redis goes away, comes back or loses its data. Refused acts aren't
/// counted, so that they don't use up what is given back.
#[derive(Clone, Debug)]
pub struct Limiter {
    redis: Redis,
    local: Arc<Windows>,
}

impl Limiter {
    /// A limiter that uses the Redis connection for limits.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, local: Arc::default() }
    }

    /// Counts an act under `key`, with at most `most` in a window.
    ///
    /// # Errors
    /// If the window is full: how long it lasts.
    pub async fn count(&self, key: &str, most: u32, window: Duration) -> Result<Counted, Duration> {
        let begin = Instant::now();
        let local = self.local.count(key, most, window, begin)?;
        let mut counted = Counted { key: key.to_owned(), local, redis: None };
        match self.count_in_redis(key, most, window).await {
            Ok((true, left)) => counted.redis = Some(begin + Duration::from_millis(left)),
            Ok((false, left)) => {
                self.local.give_back(&counted.key, counted.local);
                return Err(Duration::from_millis(left));
            }
            Err(error) => debug!(%error, "counted a limited act in this process only"),
        }
        Ok(counted)
    }

    async fn count_in_redis(
        &self,
        key: &str,
        most: u32,
        window: Duration,
    ) -> redis::RedisResult<(bool, u64)> {
        let script = Script::new(
            "local count = tonumber(redis.call('get', KEYS[1]) or 0)
             if count >= tonumber(ARGV[1]) then return {0, redis.call('pttl', KEYS[1])} end
             redis.call('incr', KEYS[1])
             if count == 0 then redis.call('pexpire', KEYS[1], ARGV[2]) end
             return {1, redis.call('pttl', KEYS[1])}",
        );
        let mut call = script.key(self.redis.key(key));
        call.arg(most).arg(u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
        let limits = self.redis.limits();
        limits
            .run(Patience::Page, |mut connection| async move { call.invoke_async(&mut connection).await })
            .await
    }

    /// Uncounts an act if its window still lasts.
    pub async fn give_back(&self, counted: Counted) {
        self.local.give_back(&counted.key, counted.local);
        if counted.redis.is_none_or(|ends| ends <= Instant::now()) {
            return;
        }
        let script = Script::new(
            "local count = tonumber(redis.call('get', KEYS[1]) or 0)
             if count > 1 then redis.call('decr', KEYS[1]) else redis.call('del', KEYS[1]) end",
        );
        let call = script.key(self.redis.key(&counted.key));
        let limits = self.redis.limits();
        let given: redis::RedisResult<()> = limits
            .run(Patience::Page, |mut connection| async move { call.invoke_async(&mut connection).await })
            .await;
        if let Err(error) = given {
            debug!(%error, "couldn't uncount an act of a limit");
        }
    }
}

/// A counted act, which can be given back.
#[derive(Debug)]
pub struct Counted {
    key: String,
    /// When the window in this process ends.
    local: Instant,
    /// The earliest end of the window in Redis; `None` if it was counted in this process only.
    redis: Option<Instant>,
}
