//! The rate limit on ratings, and on votes for talks. It is counted in this process only, because nothing else happens
//! as often.

use std::net::IpAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::config::SecurityConfig;

use super::client::Client;
use crate::error::Error;

/// How many ratings to count before dropping idle raters.
const FORGET_EVERY: u32 = 10_000;

/// Limits on ratings for each rater and each address. Allows a burst of one minute's ratings, then a steady rate.
#[derive(Debug)]
pub struct Pace {
    raters: Option<DefaultKeyedRateLimiter<i64>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    counted: AtomicU32,
    clock: DefaultClock,
}

impl Pace {
    /// The limits of the configuration.
    #[must_use]
    pub fn new(config: &SecurityConfig) -> Self {
        let quota = |per_minute| NonZero::new(per_minute).map(Quota::per_minute);
        Self {
            raters: quota(config.ratings_per_minute).map(RateLimiter::keyed),
            addresses: quota(config.address_ratings_per_minute).map(RateLimiter::keyed),
            counted: AtomicU32::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a rating.
    ///
    /// # Errors
    /// [`Error::TooMany`] if that exceeds a limit.
    pub fn count(&self, rater: RaterKey, client: Client) -> Result<(), Error> {
        self.count_one(rater)?;
        let addresses = self.addresses.as_ref();
        self.within(addresses.map_or(Ok(()), |addresses| addresses.check_key(&client.counted())))
    }

    /// Counts a vote for a talk. It is like a rating, but an audience that votes at once shares an address, so only the
    /// voter counts.
    ///
    /// # Errors
    /// [`Error::TooMany`] if that exceeds the limit.
    pub fn count_one(&self, rater: RaterKey) -> Result<(), Error> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget();
        }
        self.within(self.raters.as_ref().map_or(Ok(()), |raters| raters.check_key(&rater.0)))
    }

    fn within(&self, checked: Result<(), NotUntil<<DefaultClock as Clock>::Instant>>) -> Result<(), Error> {
        checked
            .map_err(|not_until| Error::TooMany(not_until.wait_time_from(self.clock.now()).as_secs().max(1)))
    }

    fn forget(&self) {
        if let Some(raters) = &self.raters {
            raters.retain_recent();
        }
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(rater: u32, address: u32) -> Pace {
        let limits = (rater, address);
        Pace::new(&SecurityConfig {
            ratings_per_minute: limits.0,
            address_ratings_per_minute: limits.1,
            ..SecurityConfig::default()
        })
    }

    fn client(text: &str) -> Client {
        Client::at(text.parse().expect("an address"))
    }

    #[test]
    fn raters_and_addresses_have_limits_of_their_own() {
        let pace = pace(3, 5);
        let (home, elsewhere) = (client("203.0.113.9"), client("203.0.113.10"));
        let passed = |rater, client| (0..10).filter(|_| pace.count(RaterKey(rater), client).is_ok()).count();
        assert_eq!(passed(1, home), 3);
        assert_eq!(passed(1, elsewhere), 0, "the same rater");
        assert_eq!(passed(2, home), 2, "the same address");
        assert_eq!(passed(3, elsewhere), 3);
        assert!(matches!(pace.count(RaterKey(3), elsewhere), Err(Error::TooMany(1..=60))));
    }

    #[test]
    fn an_audience_that_votes_at_once_shares_an_address() {
        let pace = pace(3, 5);
        assert!((0..100).all(|voter| pace.count_one(RaterKey(voter)).is_ok()));
        assert_eq!((0..10).filter(|_| pace.count_one(RaterKey(7)).is_ok()).count(), 2, "the same voter");
    }

    #[test]
    fn nothing_is_no_limit() {
        let pace = pace(0, 0);
        assert!((0..1000).all(|_| pace.count(RaterKey(1), client("203.0.113.9")).is_ok()));
    }
}
