//! Keeping caches and open pages current.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pawdium_queue::{Backoff, Job, Queue, Unique};
use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::queues;

/// Open pages show old data until the next attempt, so it comes soon. While Redis is away, attempts wait for it.
const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_secs(5) };

/// Triage of an event: drops the cached data that it makes stale, tells the pages that show it, and enqueues
/// [`ReloadCached`] for what workers load again. Running twice does so twice, which loads nothing but the same data.
#[derive(Debug, Serialize, Deserialize)]
pub struct InvalidateCache {
    /// What happened.
    pub event: Event,
}

impl Job for InvalidateCache {
    const KIND: &'static str = "cache.invalidate.v1";
    const QUEUE: Queue = queues::CACHE;
    /// Unlimited in practice: an outage takes none.
    const ATTEMPTS: i16 = i16::MAX;
    const TIMEOUT: Duration = Duration::from_secs(10);
    const BACKOFF: Backoff = BACKOFF;
    const HISTORY: Option<Duration> = None;
    /// While the job runs, pages may cache more data that an equal event makes stale.
    const UNIQUE: Unique = Unique::WhileWaiting;

    fn patience(&self) -> Duration {
        Duration::MAX
    }

    /// A rating on a quiet site is triaged at once. On a busy one, all ratings of a photo within this time are one triage.
    fn linger(&self) -> Duration {
        match self.event {
            Event::PhotoRated { .. } => Duration::from_millis(50),
            _ => Duration::ZERO,
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.event.key())
    }
}

/// Loads one cached object again after an event, and tells the pages that show it if it has changed. Running twice loads
/// it twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReloadCached {
    /// The kind of cached data.
    pub kind: String,
    /// The object's name within its kind.
    pub name: String,
    /// The first event that made it stale, to explain why it was loaded.
    pub because: Because,
}

/// Why cached data is loaded again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Because {
    /// The event's [key](Event::key).
    pub event: String,
    /// When the event was recorded.
    pub recorded_at: DateTime<Utc>,
    /// When triage found what is stale.
    pub triaged_at: DateTime<Utc>,
}

impl Job for ReloadCached {
    const KIND: &'static str = "cache.reload.v1";
    const QUEUE: Queue = queues::CACHE;
    /// As for [`InvalidateCache`].
    const ATTEMPTS: i16 = i16::MAX;
    const TIMEOUT: Duration = Duration::from_secs(10);
    const BACKOFF: Backoff = BACKOFF;
    const HISTORY: Option<Duration> = None;
    /// A change during a reload needs exactly one more.
    const UNIQUE: Unique = Unique::WhileWaiting;

    fn patience(&self) -> Duration {
        Duration::MAX
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.kind, self.name))
    }
}

impl ReloadCached {
    /// How long a reload waits for more events about the same object.
    pub const COALESCED: Duration = Duration::from_millis(250);
}
