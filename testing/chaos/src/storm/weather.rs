//! Outages, which excuse a missing answer or a busy site.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long after an outage its effects may still appear.
const GRACE: Duration = Duration::from_secs(3);

/// The outages of processes and servers.
#[derive(Debug, Default)]
pub(super) struct Weather {
    /// Outages of web processes. Only these excuse a request without an answer.
    pub(super) webs: Outages,
    /// Outages of Postgres and Redis. Without them the site is busy.
    pub(super) servers: Outages,
}

/// The number of things that are down, and when the last one came back.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    down: u32,
    mended: Option<Instant>,
}

impl Outages {
    /// Notes that one goes down.
    pub(super) fn begin(&self) {
        self.0.lock().down += 1;
    }

    /// Notes that one is back.
    pub(super) fn end(&self) {
        let mut state = self.0.lock();
        state.down = state.down.saturating_sub(1);
        state.mended = Some(Instant::now());
    }

    /// Whether one was down at any time since `since`.
    pub(super) fn were_there(&self, since: Instant) -> bool {
        let state = self.0.lock();
        state.down > 0 || state.mended.is_some_and(|mended| mended + GRACE > since)
    }
}
