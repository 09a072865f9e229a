//! When something was down: what excuses an answer, or that there is none.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long requests may still meet what was down.
const GRACE: Duration = Duration::from_secs(3);

/// The outages of both sorts.
#[derive(Debug, Default)]
pub(super) struct Weather {
    /// Web processes that are down. Nothing else excuses a request that got no answer.
    pub(super) webs: Outages,
    /// Postgres and Redis, without which a site is busy.
    pub(super) ground: Outages,
}

/// How many of a sort are down, and since when none is.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    down: u32,
    mended: Option<Instant>,
}

impl Outages {
    /// One goes down.
    pub(super) fn begin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).down += 1;
    }

    /// One is back.
    pub(super) fn end(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.down = state.down.saturating_sub(1);
        state.mended = Some(Instant::now());
    }

    /// Whether one was down at any time from `since` on.
    pub(super) fn were_there(&self, since: Instant) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.down > 0 || state.mended.is_some_and(|mended| mended + GRACE > since)
    }
}
