//! Limits on how often a client may do what is costly or can be guessed at.

mod local;

use std::net::{IpAddr, Ipv6Addr};
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
    /// Keeping a draft without being registered.
    AnonymousUpload,
    /// Becoming an anonymous user, and sharing without being one.
    Anonymous,
    /// Trying passwords of one account, within ten minutes.
    Guess,
    /// Trying passwords of one account from where it hasn't been opened before, within a day.
    GuessOfDay,
    /// Mails to one recipient.
    Recipient,
}

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// How many times one IPv6 customer's limit a whole /48 has: some are given it, and others a /64 of it each.
const SITE: u32 = 8;

/// How many times the guesses of ten minutes a day has.
const GUESSES_OF_DAY: u32 = 4;

impl Limited {
    fn policy(self, app: &App) -> (&'static str, u32, Duration) {
        let security = &app.config.security;
        match self {
            Self::Registration => ("registration", security.registrations_per_hour, HOUR),
            Self::Login => ("login", security.logins_per_minute, MINUTE),
            Self::Mail => ("mail", security.resets_per_hour, HOUR),
            Self::Upload => ("upload", security.uploads_per_hour, HOUR),
            Self::AnonymousUpload => ("anonymous-upload", security.anonymous_uploads_per_day, DAY),
            Self::Anonymous => ("anonymous", security.anonymous_per_hour, HOUR),
            Self::Guess => ("guess", security.guesses_per_account, 10 * MINUTE),
            Self::GuessOfDay => {
                ("guess-of-day", security.guesses_per_account.saturating_mul(GUESSES_OF_DAY), DAY)
            }
            Self::Recipient => ("recipient", security.mails_per_recipient, HOUR / 2),
        }
    }
}

/// Counts in fixed windows that begin with the first request: in Redis, for all processes, and beside that in this process
/// alone. The higher count is what holds, so nothing begins anew when Redis goes away, comes back or loses what it had.
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
            Ok(counted) if counted.0 >= count => counted,
            Ok(_) => (count, left.as_secs()),
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

/// Counts one more of `what` from `client`, and from the site that an IPv6 client belongs to.
///
/// # Errors
/// [`Error::TooMany`] when that is beyond the limit.
pub async fn count(app: &App, what: Limited, client: IpAddr) -> Result<(), Error> {
    count_times(app, what, &client.to_string(), 1).await?;
    match client {
        IpAddr::V6(address) => {
            let site = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
            count_times(app, what, &format!("{site}/48"), SITE).await
        }
        IpAddr::V4(_) => Ok(()),
    }
}

/// Counts one more of `what` by or for somebody, whoever asks.
///
/// # Errors
/// [`Error::TooMany`] when that is beyond the limit.
pub async fn count_by(app: &App, what: Limited, whom: &str) -> Result<(), Error> {
    count_times(app, what, whom, 1).await
}

async fn count_times(app: &App, what: Limited, whom: &str, times: u32) -> Result<(), Error> {
    let (name, limit, window) = what.policy(app);
    if limit == 0 {
        return Ok(());
    }
    let (count, left) = app.limiter.count(&format!("limit:{name}:{whom}"), window).await;
    if count > limit.saturating_mul(times) { Err(Error::TooMany(left.max(1))) } else { Ok(()) }
}
