//! Logs one line when Redis goes away and one when it is back, however many connections notice.

use std::time::Instant;

use parking_lot::Mutex;
use tracing::{info, warn};

/// The current outage, if there is one.
#[derive(Debug)]
pub(super) struct Outages {
    meanwhile: &'static str,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    /// The number of connections that are down.
    down: usize,
    since: Option<Instant>,
}

impl Outages {
    pub(super) fn new(meanwhile: &'static str) -> Self {
        Self { meanwhile, current: Mutex::default() }
    }

    /// Reports that a connection failed.
    pub(super) fn begin(&self, error: &redis::RedisError) {
        let mut current = self.current.lock();
        current.down += 1;
        if current.since.is_none() {
            current.since = Some(Instant::now());
            warn!(%error, "Redis is away: {}", self.meanwhile);
        }
    }

    /// Reports that the connection works again.
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
