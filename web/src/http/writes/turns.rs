//! The running writes, and their turns by path.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// The requests in progress.
#[derive(Debug)]
pub struct Writes {
    pub(super) running: TaskTracker,
    /// The free turns of each path that names a row, such as `/photos/7/rating`.
    by_path: Mutex<HashMap<String, Weak<Semaphore>>>,
    at_once: usize,
}

impl Writes {
    /// For a pool of `connections`. Requests for one row use at most a third of them, so that a locked row leaves most
    /// connections to everybody else.
    #[must_use]
    pub fn new(connections: u32) -> Self {
        let at_once = usize::try_from(connections / 3).unwrap_or(1).max(1);
        Self { running: TaskTracker::new(), by_path: Mutex::default(), at_once }
    }

    /// Waits until all requests have ended. No new ones may begin.
    pub async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// The turns of a path that names a row. `None` for paths that don't, such as `/login`.
    pub(super) fn turns(&self, path: &str) -> Option<Arc<Semaphore>> {
        if !path.split('/').any(|part| part.parse::<i64>().is_ok()) {
            return None;
        }
        let mut by_path = self.by_path.lock();
        if let Some(turns) = by_path.get(path).and_then(Weak::upgrade) {
            return Some(turns);
        }
        by_path.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.at_once));
        by_path.insert(path.to_owned(), Arc::downgrade(&turns));
        Some(turns)
    }
}
