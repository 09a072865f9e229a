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
/// What is refused isn't counted: it must not take the place of what is given back.
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

    /// Counts one more under `key`, of which a window has `most`.
    ///
    /// # Errors
    /// When it has them already: how long it lasts.
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
            Err(error) => debug!(%error, "counted for a limit in this process alone"),
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

    /// Takes back what was counted, while its window lasts: the next one knows nothing of it.
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
            debug!(%error, "couldn't give back to a limit what was counted");
        }
    }
}

/// Something that was counted, and can be given back.
#[derive(Debug)]
pub struct Counted {
    key: String,
    /// When its window in this process ends.
    local: Instant,
    /// When its window in Redis ends, at the earliest; nothing where it was counted in this process alone.
    redis: Option<Instant>,
}

/// Counts one more of `what` from `client`, and from the site that an IPv6 client belongs to.
///
/// # Errors
/// [`Error::TooMany`] when that is beyond the limit.
pub async fn count(app: &App, what: Limited, client: IpAddr) -> Result<Tally, Error> {
    let mut tally = count_by(app, what, &client.to_string()).await?;
    if let IpAddr::V6(address) = client {
        let site = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
        tally.add(app, what, &format!("{site}/48"), SITE).await?;
    }
    Ok(tally)
}

/// Counts one more of `what` by or for somebody, whoever asks.
///
/// # Errors
/// [`Error::TooMany`] when that is beyond the limit.
pub async fn count_by(app: &App, what: Limited, whom: &str) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    tally.add(app, what, whom, 1).await?;
    Ok(tally)
}

/// All that one act was counted for. It stays counted unless it is given back.
#[derive(Debug, Default)]
pub struct Tally(Vec<Counted>);

impl Tally {
    /// Counts the same act against another limit.
    ///
    /// # Errors
    /// [`Error::TooMany`] when that is beyond the limit. Then nothing of it is counted.
    pub async fn also(&mut self, app: &App, what: Limited, whom: &str) -> Result<(), Error> {
        self.add(app, what, whom, 1).await
    }

    async fn add(&mut self, app: &App, what: Limited, whom: &str, times: u32) -> Result<(), Error> {
        let (name, limit, window) = what.policy(app);
        if limit == 0 {
            return Ok(());
        }
        match app.limiter.count(&format!("limit:{name}:{whom}"), limit.saturating_mul(times), window).await {
            Ok(counted) => self.0.push(counted),
            Err(left) => {
                std::mem::take(self).give_back(app).await;
                return Err(Error::TooMany(left.as_secs().max(1)));
            }
        }
        Ok(())
    }

    /// The act turned out to be none that the limits are about.
    pub async fn give_back(self, app: &App) {
        for counted in self.0 {
            app.limiter.give_back(counted).await;
        }
    }
}
