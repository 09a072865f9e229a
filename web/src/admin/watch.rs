//! Telling open admin pages that the queues have changed: one task in this process that asks the database, while anybody
//! listens and not otherwise.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pawdium_shared::queue::inspect;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::debug;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// The queues, watched while somebody listens.
#[derive(Clone, Debug)]
pub struct QueueWatch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: PgPool,
    pulse: watch::Sender<String>,
    /// Whether the task runs. Held while it decides to end, so that nobody starts to listen to a task that has.
    running: Mutex<bool>,
}

impl QueueWatch {
    /// A watch that asks `db` once somebody listens.
    #[must_use]
    pub fn new(db: PgPool) -> Self {
        Self(Arc::new(Inner { db, pulse: watch::Sender::default(), running: Mutex::new(false) }))
    }

    /// Says when something changed, from now on.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<String> {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = self.0.pulse.subscribe();
        if !*running {
            *running = true;
            tokio::spawn(look(Arc::clone(&self.0)));
        }
        listener
    }
}

async fn look(watch: Arc<Inner>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if is_over(&watch) {
            return;
        }
        match pulse(&watch.db).await {
            Ok(pulse) => {
                watch.pulse.send_if_modified(|last| {
                    let changed = *last != pulse;
                    *last = pulse;
                    changed
                });
            }
            Err(error) => debug!(%error, "couldn't look at the queues; will keep trying"),
        }
    }
}

fn is_over(watch: &Inner) -> bool {
    let mut running = watch.running.lock().unwrap_or_else(PoisonError::into_inner);
    *running = watch.pulse.receiver_count() > 0;
    !*running
}

async fn pulse(db: &PgPool) -> sqlx::Result<String> {
    inspect::pulse(&mut *db.acquire().await?).await
}
