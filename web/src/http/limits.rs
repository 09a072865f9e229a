//! Limits on how often a client may do what is costly or can be guessed at.

mod local;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pawdium_shared::redis::{Patience, Redis};
use redis::Script;
use tracing::debug;

use local::Windows;

use crate::error::Error;
use crate::state::App;

/// What is limited.
#[derive(Clone, Copy, Debug)]
pub enum Limited {
    /// Registering, and trying names and addresses by it.
    Registration,
    /// Logging in, and anything else that takes a password.
    Login,
    /// Asking for a reset or verification mail.
    Mail,
    /// Uploading a photo.
    Upload,
    /// Becoming an anonymous user, and sharing without being one.
    Anonymous,
}

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

impl Limited {
    fn policy(self, app: &App) -> (&'static str, u32, Duration) {
        let security = &app.config.security;
        match self {
            Self::Registration => ("registration", security.registrations_per_hour, HOUR),
            Self::Login => ("login", security.logins_per_minute, MINUTE),
            Self::Mail => ("mail", security.resets_per_hour, HOUR),
            Self::Upload => ("upload", security.uploads_per_hour, HOUR),
            Self::Anonymous => ("anonymous", security.anonymous_per_hour, HOUR),
        }
    }
}

/// Counts in fixed windows that begin with the first request: in Redis, for all processes, and beside that in this process
/// alone, whose count stands in while Redis is away.
#[derive(Clone, Debug)]
pub struct Limiter {
    redis: Redis,
    local: Arc<Windows>,
}

impl Limiter {
    /// A limiter on the connection that is for limits.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis, local: Arc::default() }
    }

    /// Counts one more under `key`; answers with how many there were in this window, and the seconds that it lasts.
    pub async fn count(&self, key: &str, window: Duration) -> (u32, u64) {
        let (count, left) = self.local.count(key, window, Instant::now());
        match self.count_in_redis(key, window).await {
            Ok(counted) => counted,
            Err(error) => {
                debug!(%error, "counted for a limit in this process alone");
                (count, left.as_secs())
            }
        }
    }

    async fn count_in_redis(&self, key: &str, window: Duration) -> redis::RedisResult<(u32, u64)> {
        let script = Script::new(
            "local count = redis.call('incr', KEYS[1])
             if count == 1 then redis.call('expire', KEYS[1], ARGV[1]) end
             return {count, redis.call('ttl', KEYS[1])}",
        );
        let mut call = script.key(self.redis.key(key));
        call.arg(window.as_secs());
        let limits = self.redis.limits();
        limits
            .run(Patience::Page, |mut connection| async move { call.invoke_async(&mut connection).await })
            .await
    }
}

/// Counts one more of `what` from `client`.
///
/// # Errors
/// [`Error::TooMany`] when that is beyond the limit.
pub async fn count(app: &App, what: Limited, client: IpAddr) -> Result<(), Error> {
    let (name, limit, window) = what.policy(app);
    if limit == 0 {
        return Ok(());
    }
    let (count, left) = app.limiter.count(&format!("limit:{name}:{client}"), window).await;
    if count > limit { Err(Error::TooMany(left.max(1))) } else { Ok(()) }
}
