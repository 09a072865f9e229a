//! Requests that change something: they run to their end, whoever waits for the answer, and none takes all of the
//! database's connections.
//!
//! hyper drops a request's future when its client goes away. What has begun to write goes on without it here, on a task
//! of its own, so that a rating or an upload is there or isn't, and never something in between.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, warn};

use crate::error::Error;
use crate::state::App;

/// What nobody has to wait longer for; the transaction then rolls back. Bodies that stream, as uploads do, have limits of
/// their own.
const LONGEST: Duration = Duration::from_secs(30);

/// How long one waits for others that do the same thing to the same thing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Those that are under way.
#[derive(Debug)]
pub struct Writes {
    running: TaskTracker,
    /// For each path that names a row, as `/photos/7/rating`, how many more may run at once.
    by_path: Mutex<HashMap<String, Weak<Semaphore>>>,
    at_once: usize,
}

impl Writes {
    /// For a pool of so many connections: requests about one row hold up to a third of them, so one row that somebody
    /// has locked leaves most of them to everybody else.
    #[must_use]
    pub fn new(connections: u32) -> Self {
        let at_once = usize::try_from(connections / 3).unwrap_or(1).max(1);
        Self { running: TaskTracker::new(), by_path: Mutex::default(), at_once }
    }

    /// Waits until all have ended; more may not begin.
    pub async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// The turns of a path that names a row. What makes new ones, as `/login` does, waits for nobody here.
    fn turns(&self, path: &str) -> Option<Arc<Semaphore>> {
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

/// The layer.
pub async fn run_to_the_end(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let turns = app.writes.turns(request.uri().path());
    // What names a row sends no file, whatever it says.
    let streams = turns.is_none()
        && request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("multipart/"));
    let running = async move {
        if streams {
            return next.run(request).await;
        }
        let _turn = match turns {
            None => None,
            Some(turns) => match tokio::time::timeout(PATIENCE, turns.acquire_owned()).await {
                Ok(Ok(turn)) => Some(turn),
                _ => return Error::Unavailable.into_response(),
            },
        };
        tokio::time::timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| {
            warn!("gave up a request that took too long");
            Error::Unavailable.into_response()
        })
    };
    match app.writes.running.spawn(running.in_current_span()).await {
        Ok(response) => response,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(_) => Error::Unavailable.into_response(),
    }
}
