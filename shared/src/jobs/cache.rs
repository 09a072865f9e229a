//! Keeping caches and open pages current.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::queues;
use pawdium_queue::{Backoff, Job, Queue, Unique};

/// Drops the cached fragments that an event concerns and tells the pages that show them. Twice drops them twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct InvalidateCache {
    /// What happened.
    pub event: Event,
}

impl Job for InvalidateCache {
    const KIND: &'static str = "cache.invalidate.v1";
    const QUEUE: Queue = queues::CACHE;
    /// Without an end, in effect: weeks of an outage are fewer attempts.
    const ATTEMPTS: i16 = i16::MAX;
    const TIMEOUT: Duration = Duration::from_secs(10);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_mins(1) };
    const HISTORY: Option<Duration> = None;
    /// An event that comes again while its job runs may concern what was cached meanwhile.
    const UNIQUE: Unique = Unique::WhileWaiting;

    /// The rater sees the rating at once, because web drops what is cached itself. For open pages all ratings of a photo
    /// within this time are one change.
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
