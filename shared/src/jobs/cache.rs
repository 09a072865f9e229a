//! Keeping caches and open pages current.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::queues;
use pawdium_queue::{Backoff, Job, Queue, Unique};

/// Drops the cached fragments that an event makes stale and tells the pages that show them. Running twice drops them
/// twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct InvalidateCache {
    /// What happened.
    pub event: Event,
}

impl Job for InvalidateCache {
    const KIND: &'static str = "cache.invalidate.v1";
    const QUEUE: Queue = queues::CACHE;
    /// Unlimited in practice: weeks of outage take fewer attempts.
    const ATTEMPTS: i16 = i16::MAX;
    const TIMEOUT: Duration = Duration::from_secs(10);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_mins(1) };
    const HISTORY: Option<Duration> = None;
    /// While the job runs, pages may cache more data that an equal event makes stale.
    const UNIQUE: Unique = Unique::WhileWaiting;

    /// The rater sees the rating at once because web drops the fragments itself. For open pages, all ratings of a photo
    /// within this time count as one change.
    fn linger(&self) -> Duration {
        match self.event {
            Event::PhotoRated { .. } => Duration::from_millis(250),
            _ => Duration::ZERO,
        }
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.event.key())
    }
}
