//! What a job kind says about itself: its name, queue and policy.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// A queue, by its name in the database and in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Queue(&'static str);

impl Queue {
    /// The queue of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How long to wait before the next attempt: exponential with full jitter, so that jobs which failed together don't
/// come back together (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The bound of the wait after the first attempt; it doubles with each further one.
    pub base: Duration,
    /// No bound exceeds this.
    pub max: Duration,
}

impl Backoff {
    /// Seconds at first, minutes later: for what depends on an outside system.
    pub const DEFAULT: Self = Self { base: Duration::from_secs(5), max: Duration::from_mins(15) };

    /// The longest wait after attempt number `attempt` (from 1).
    #[must_use]
    pub fn bound(self, attempt: u16) -> Duration {
        let doublings = u32::from(attempt.saturating_sub(1)).min(31);
        self.base.saturating_mul(1 << doublings).min(self.max)
    }

    /// A wait for what is away, for a job of that age: as long again as it has waited, within base and bound, and with jitter.
    #[must_use]
    pub fn aged(self, age: Duration) -> Duration {
        age.clamp(self.base, self.max.max(self.base)).mul_f64(rand::random_range(0.5..=1.0))
    }

    /// A wait after attempt number `attempt`, uniform between a tenth of the bound and the bound.
    /// The floor keeps a burst of attempts from being spent within milliseconds of an outage.
    #[must_use]
    pub fn jittered(self, attempt: u16) -> Duration {
        self.bound(attempt).mul_f64(rand::random_range(0.1..=1.0))
    }
}

/// What happens when a job is enqueued while a live one of its kind bears the same key. Never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// The live job stands; the second enqueue is a no-op.
    Keep,
    /// The live job takes the new payload, unless it is running already.
    ReplacePayload,
    /// The live job moves to the new `run_at`, unless it is running already.
    MoveRunAt,
}

/// For how long a job's key keeps a second one away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Until the job has ended: for work of which one at a time is enough.
    WhileLive,
    /// Until the job is claimed: for work that must be done again when its cause comes again while it runs.
    WhileWaiting,
}

/// What a job is about, or whose partition it belongs to: `photo:12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Of what kind the thing is.
    pub kind: &'static str,
    /// Which one.
    pub id: i64,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// A typed payload on a queue. It holds ids, not copies of rows; its doc comment says why running it twice is safe.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the handler and the payload's version: `media.process.v1`.
    const KIND: &'static str;
    /// Where it waits.
    const QUEUE: Queue;
    /// How often it may be claimed before it is dead; an attempt counts when it starts, not when it fails.
    const ATTEMPTS: i16 = 8;
    /// How long one attempt may take.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// Lower runs first within the queue.
    const PRIORITY: i16 = 0;
    /// The waits between attempts.
    const BACKOFF: Backoff = Backoff::DEFAULT;
    /// How long a successful run stays in the history; `None` keeps nothing.
    const HISTORY: Option<Duration> = Some(Duration::from_hours(24));
    /// What a second enqueue under the same [`unique_key`](Self::unique_key) does.
    const DUPLICATE: Duplicate = Duplicate::Keep;
    /// How long a [`unique_key`](Self::unique_key) holds.
    const UNIQUE: Unique = Unique::WhileLive;

    /// While a live job of this kind bears the same key there is no second one.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// How long workers aren't told of this job: what comes under the same key meanwhile is done with it. It may run earlier,
    /// when they look for another reason, and without being told they look within 1.5 s.
    fn linger(&self) -> Duration {
        Duration::ZERO
    }

    /// Whose share of the queue this job uses, such as its owner or a mail domain. Partitions take turns, and limits can
    /// be set for each.
    fn partition(&self) -> Option<String> {
        None
    }

    /// How old the job may become while what it needs is away ([`JobError::Away`](super::JobError::Away)). Until then such
    /// attempts don't count, from then on they do: for as long as its work is of use.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// What the job is about, for finding it.
    fn subject(&self) -> Option<Subject> {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_and_stay_within_their_bounds(attempt in 1_u16..=u16::MAX) {
            let backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(5) };
            let wait = backoff.jittered(attempt);
            prop_assert!(wait <= backoff.bound(attempt));
            prop_assert!(wait >= backoff.bound(attempt) / 11);
            prop_assert!(backoff.bound(attempt) <= backoff.bound(attempt.saturating_add(1)));
            prop_assert!(backoff.bound(attempt) <= backoff.max);
        }

        #[test]
        fn waits_for_what_is_away_grow_with_the_age(seconds in 0_u64..1_000_000) {
            let backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_mins(10) };
            let (age, wait) = (Duration::from_secs(seconds), backoff.aged(Duration::from_secs(seconds)));
            prop_assert!(wait <= backoff.max && wait >= backoff.base / 2);
            prop_assert!(wait <= age.max(backoff.base));
        }
    }
}
