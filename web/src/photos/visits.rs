//! Counting views of photos whose pages were answered from memory.
//!
//! The visitor doesn't wait for the database, which may be away: views wait for it here, each visitor's once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use parking_lot::Mutex;
use pawdium_shared::db::Db;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::debug;

use super::moments::digest;
use crate::baked::Asked;
use crate::http::client::Client;
use crate::http::visitor::Visitor;
use crate::state::App;

/// The most views that wait.
const MOST: usize = 100_000;

/// How long to wait for a database that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// A view: the photo, and the visitor's digest.
type View = (PhotoId, [u8; 16]);

/// Views that are not recorded yet. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Visits(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    views: HashSet<View>,
    /// The views of the last moments, so that who reloads costs nothing.
    recorded: HashSet<View>,
}

impl Visits {
    /// Starts to record views in this database. Must be called inside a runtime.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let visits = Self::default();
        tokio::spawn(record(visits.clone(), db));
        visits
    }

    fn note(&self, view: View) {
        let mut waiting = self.0.waiting.lock();
        if waiting.recorded.contains(&view) || waiting.views.len() >= MOST || !waiting.views.insert(view) {
            return;
        }
        self.0.came.notify_one();
    }
}

/// Counts a view of the photo whose page is asked for.
pub fn viewed(app: &App, asked: &Asked, client: Client) {
    if let Ok(photo) = asked.name().parse() {
        app.visits.note((photo, digest(app, &Visitor::nobody(), client)));
    }
}

async fn record(visits: Visits, db: Db) {
    let mut day = Utc::now().date_naive();
    loop {
        visits.0.came.notified().await;
        let views = std::mem::take(&mut visits.0.waiting.lock().views);
        for view in views {
            let recorded = match db.acquire().await {
                Ok(mut db) => sharing::record(&mut db, view.0, Moment::View, &view.1).await,
                Err(error) => Err(error),
            };
            match recorded {
                // The photo may be gone by now.
                Ok(()) | Err(sqlx::Error::Database(_)) => {
                    visits.0.waiting.lock().recorded.insert(view);
                }
                Err(error) => {
                    debug!(%error, "couldn't record a view; will try again");
                    visits.0.waiting.lock().views.insert(view);
                    visits.0.came.notify_one();
                    sleep(PAUSE).await;
                }
            }
        }
        let mut waiting = visits.0.waiting.lock();
        // Digests change daily.
        if waiting.recorded.len() > MOST || std::mem::replace(&mut day, Utc::now().date_naive()) != day {
            waiting.recorded.clear();
        }
    }
}
