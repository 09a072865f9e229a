//! Limits on how often a client may do what is costly or can be guessed at.

use std::net::IpAddr;
use std::time::Duration;

use pawdium_shared::redis::Redis;
use redis::Script;
use tracing::debug;

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

/// Counts in Redis, in fixed windows that begin with the first request. While Redis is away nothing is refused.
#[derive(Clone, Debug)]
pub struct Limiter {
    redis: Redis,
}

impl Limiter {
    /// A limiter on this connection.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    async fn count(&self, key: &str, window: Duration) -> redis::RedisResult<(u32, u64)> {
        Script::new(
            "local count = redis.call('incr', KEYS[1])
             if count == 1 then redis.call('expire', KEYS[1], ARGV[1]) end
             return {count, redis.call('ttl', KEYS[1])}",
        )
        .key(self.redis.key(key))
        .arg(window.as_secs())
        .invoke_async(&mut self.redis.connection())
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
    match app.limiter.count(&format!("limit:{name}:{client}"), window).await {
        Ok((count, left)) if count > limit => Err(Error::TooMany(left.max(1))),
        Ok(_) => Ok(()),
        Err(error) => {
            debug!(%error, "couldn't count for a limit");
            Ok(())
        }
    }
}
