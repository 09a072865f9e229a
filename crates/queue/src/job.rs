//! A job kind: its name, queue and policy.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// A queue, identified by its name in the database and in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Queue(&'static str);

impl Queue {
    /// The queue with this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The queue's name.
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

/// The wait before the next attempt: exponential with full jitter, so that jobs that failed together don't run again
/// together (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The longest wait after the first attempt. It doubles with each attempt.
    pub base: Duration,
    /// The longest wait after any attempt.
    pub max: Duration,
}

impl Backoff {
    /// Seconds at first and minutes later: for jobs that depend on an outside system.
    pub const DEFAULT: Self = Self { base: Duration::from_secs(5), max: Duration::from_mins(15) };

    /// The longest wait after attempt number `attempt` (from 1).
    #[must_use]
    pub fn bound(self, attempt: u16) -> Duration {
        let doublings = u32::from(attempt.saturating_sub(1)).min(31);
        self.base.saturating_mul(1 << doublings).min(self.max)
    }

    /// The wait of a job of this age for something that is away: half of its age to its whole age, between `base` and
    /// `max`.
    #[must_use]
    pub fn aged(self, age: Duration) -> Duration {
        age.clamp(self.base, self.max.max(self.base)).mul_f64(rand::random_range(0.5..=1.0))
    }

    /// A wait after attempt number `attempt`, uniform between a tenth of the bound and the bound. The lower limit
    /// prevents a job from using up its attempts within milliseconds of an outage.
    #[must_use]
    pub fn jittered(self, attempt: u16) -> Duration {
        self.bound(attempt).mul_f64(rand::random_range(0.1..=1.0))
    }
}

/// What happens when a job is enqueued while a live job of its kind has the same key. It is never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// Nothing: the live job stays as it is.
    Keep,
    /// The live job gets the new payload, unless it is running.
    ReplacePayload,
    /// The live job gets the new `run_at`, unless it is running.
    MoveRunAt,
}

/// How long a job's key prevents a second job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Until the job has ended: for work that needs one job at a time.
    WhileLive,
    /// Until the job is claimed: for work that must be done again if its cause occurs again while it runs.
    WhileWaiting,
}

/// The thing that a job is about: `photo:12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The kind of thing.
    pub kind: &'static str,
    /// The thing's id.
    pub id: i64,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// A typed payload on a queue. It has ids and no copies of rows. The doc comment of a kind says why running it twice is
/// safe.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Identifies the handler and the payload's version: `media.process.v1`.
    const KIND: &'static str;
    /// The queue in which it waits.
    const QUEUE: Queue;
    /// The number of attempts before it is dead. An attempt counts when it starts, not when it fails.
    const ATTEMPTS: i16 = 8;
    /// How long one attempt may take.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// Its priority in the queue; lower values run first.
    const PRIORITY: i16 = 0;
    /// The waits between attempts.
    const BACKOFF: Backoff = Backoff::DEFAULT;
    /// How long a finished job stays in the history; `None` leaves no trace.
    const HISTORY: Option<Duration> = Some(Duration::from_hours(24));
    /// What enqueueing a second job with the same [`unique_key`](Self::unique_key) does.
    const DUPLICATE: Duplicate = Duplicate::Keep;
    /// How long a [`unique_key`](Self::unique_key) prevents a second job.
    const UNIQUE: Unique = Unique::WhileLive;

    /// The key that only one live job of this kind may have.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// The least time between two announcements of such jobs by a process. The first is announced at once; those that
    /// follow wait, so that one announcement covers all of that time, and those with the same key are one job. Workers that
    /// look at the queue for another reason may run them earlier.
    fn linger(&self) -> Duration {
        Duration::ZERO
    }

    /// The job's partition of the queue, such as its owner or a mail domain. Partitions take turns, and limits can be set
    /// for each.
    fn partition(&self) -> Option<String> {
        None
    }

    /// How long to wait for something that is away ([`JobError::Away`](super::JobError::Away)). Such attempts don't count
    /// until the job is this old.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// The subject by which admins find the job.
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
