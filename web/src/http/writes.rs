//! Requests that change something. They run to completion even if the client disconnects, and no path can use up the
//! database's connections.
//!
//! hyper drops a request's future when its client disconnects. Here, a request that writes runs on its own task, so
//! that a rating or an upload is either complete or absent.

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

/// The timeout, after which the transaction rolls back. Streamed bodies, such as uploads, have their own limits.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait for other requests on the same path.
const PATIENCE: Duration = Duration::from_secs(3);

/// The requests in progress.
#[derive(Debug)]
pub struct Writes {
    running: TaskTracker,
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
    // Requests that name a row never carry a file, whatever their headers say.
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
