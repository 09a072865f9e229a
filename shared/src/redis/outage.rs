//! One line in the log when Redis goes away, and one when it is back, however many connections notice.

use std::time::Instant;

use parking_lot::Mutex;
use tracing::{info, warn};

/// The outage under way, if any.
#[derive(Debug)]
pub(super) struct Outages {
    meanwhile: &'static str,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    /// How many connections are down.
    down: usize,
    since: Option<Instant>,
}

impl Outages {
    pub(super) fn new(meanwhile: &'static str) -> Self {
        Self { meanwhile, current: Mutex::default() }
    }

    /// A connection can't be made.
    pub(super) fn begin(&self, error: &redis::RedisError) {
        let mut current = self.current.lock();
        current.down += 1;
        if current.since.is_none() {
            current.since = Some(Instant::now());
            warn!(%error, "Redis is away: {}", self.meanwhile);
        }
    }

    /// That connection stands again.
    pub(super) fn end(&self) {
        let mut current = self.current.lock();
        current.down = current.down.saturating_sub(1);
        if current.down == 0
            && let Some(since) = current.since.take()
        {
            info!(seconds = since.elapsed().as_secs(), "Redis is back");
        }
    }
}
