//! Tells open admin pages that the queues have changed. One task polls the database, only while somebody listens.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pawdium_queue::inspect;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::debug;

/// The polling interval.
const LOOK: Duration = Duration::from_secs(2);

/// Watches the queues while somebody listens.
#[derive(Clone, Debug)]
pub struct QueueWatch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: PgPool,
    pulse: watch::Sender<String>,
    /// Whether the task runs. The task ends under this lock, so that nobody starts listening to an ended task.
    running: Mutex<bool>,
}

impl QueueWatch {
    /// A watch that polls `db` once somebody listens.
    #[must_use]
    pub fn new(db: PgPool) -> Self {
        Self(Arc::new(Inner { db, pulse: watch::Sender::default(), running: Mutex::new(false) }))
    }

    /// Notifies about changes from now on.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<String> {
        let mut running = self.0.running.lock();
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
            Err(error) => debug!(%error, "couldn't poll the queues; will keep trying"),
        }
    }
}

fn is_over(watch: &Inner) -> bool {
    let mut running = watch.running.lock();
    *running = watch.pulse.receiver_count() > 0;
    !*running
}

async fn pulse(db: &PgPool) -> sqlx::Result<String> {
    inspect::pulse(&mut *db.acquire().await?).await
}

#[cfg(test)]
mod tests {
    use pawdium_shared::db::MIGRATIONS;

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    impl QueueWatch {
        fn runs(&self) -> bool {
            *self.0.running.lock()
        }

        async fn ends(&self) {
            while self.runs() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn changes(listener: &mut watch::Receiver<String>) {
        let changed = tokio::time::timeout(SOON, listener.changed()).await;
        changed.expect("it is told within seconds").expect("the watch lives");
    }

    #[sqlx::test(migrator = "MIGRATIONS")]
    async fn the_database_is_asked_only_while_somebody_listens(db: PgPool) {
        let watch = QueueWatch::new(db.clone());
        assert!(!watch.runs());
        let mut first = watch.listen();
        let second = watch.listen();
        changes(&mut first).await;
        drop(first);
        tokio::time::sleep(2 * LOOK).await;
        assert!(watch.runs(), "one still listens");
        drop(second);
        tokio::time::timeout(SOON, watch.ends()).await.expect("nobody listens");

        let mut again = watch.listen();
        assert!(watch.runs());
        again.mark_unchanged();
        sqlx::query("update job_queues set paused_at = now() where name = 'mail'")
            .execute(&db)
            .await
            .expect("the queue is paused");
        changes(&mut again).await;
    }
}
