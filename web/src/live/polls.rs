//! Changes that nobody publishes: the queues', jobs' and, in case Redis is away, those of photos that are processed.
//! While a topic has a stream, one task asks the database for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pawdium_queue::{JobId, inspect};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::live::{Changes, Note, Topic};
use pawdium_shared::photos::{PhotoState, queries, steps};
use sqlx::{PgConnection, PgPool};
use tokio::time::MissedTickBehavior;
use tracing::debug;

use crate::photos::show::why_processing;

/// How often to ask.
const LOOK: Duration = Duration::from_secs(2);

/// Every how many looks to ask why a photo waits, which costs more than asking for its progress.
const ASK: u32 = 4;

/// The topics that are polled.
#[derive(Clone, Debug)]
pub struct Polls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: PgPool,
    changes: Changes,
    /// A task ends under this lock, so that nobody relies on an ended one.
    running: Mutex<HashSet<Topic>>,
}

impl Polls {
    /// Polls `db` and tells `changes`.
    #[must_use]
    pub fn new(db: PgPool, changes: Changes) -> Self {
        Self(Arc::new(Inner { db, changes, running: Mutex::default() }))
    }

    /// Polls a topic as long as it has a stream. False if that is done already; if not, the first look tells its
    /// streams.
    pub(super) fn ensure(&self, topic: Topic) -> bool {
        let is_new = self.0.running.lock().insert(topic);
        if is_new {
            tokio::spawn(self.clone().poll(topic));
        }
        is_new
    }

    async fn poll(self, topic: Topic) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut glances = Glances { topic, rounds: 0, why: None };
        let mut before = None;
        loop {
            ticks.tick().await;
            if self.is_over(topic) {
                return;
            }
            match self.look(&mut glances).await {
                Ok(Some(now)) if before.as_ref() == Some(&now) => {}
                Ok(Some(now)) => {
                    before = Some(now);
                    self.0.changes.tell(topic, Note::Changed);
                }
                Ok(None) => {
                    self.0.running.lock().remove(&topic);
                    return self.0.changes.tell(topic, Note::Changed);
                }
                Err(error) => debug!(%error, %topic, "couldn't poll; will keep trying"),
            }
        }
    }

    async fn look(&self, glances: &mut Glances) -> sqlx::Result<Option<String>> {
        glances.look(&mut *self.0.db.acquire().await?).await
    }

    fn is_over(&self, topic: Topic) -> bool {
        let mut running = self.0.running.lock();
        let is_over = self.0.changes.audience(topic) == 0;
        if is_over {
            running.remove(&topic);
        }
        is_over
    }
}

/// Looks at one topic again and again.
struct Glances {
    topic: Topic,
    rounds: u32,
    /// Why a photo waits.
    why: Option<String>,
}

impl Glances {
    /// A text that changes with the page; `None` if nothing changes any more, or if changes are published.
    async fn look(&mut self, db: &mut PgConnection) -> sqlx::Result<Option<String>> {
        match self.topic {
            Topic::Queues => inspect::pulse(db).await.map(Some),
            Topic::Job(job) => look_at_job(db, job).await,
            Topic::Photo(photo) => self.look_at_photo(db, photo).await,
            Topic::Hub(_)
            | Topic::Call(_)
            | Topic::Standing(_)
            | Topic::Comments(_)
            | Topic::Import(_)
            | Topic::Notifications(_)
            | Topic::Sessions(_) => Ok(None),
        }
    }

    async fn look_at_photo(&mut self, db: &mut PgConnection, id: PhotoId) -> sqlx::Result<Option<String>> {
        let photo = queries::find(db, id).await?.filter(|photo| photo.state == PhotoState::Processing);
        if photo.is_none() {
            return Ok(None);
        }
        if self.rounds.is_multiple_of(ASK) {
            self.why = why_processing(db, id).await?;
        }
        self.rounds += 1;
        Ok(Some(format!("{} {:?}", steps::list(db, id).await?.len(), self.why)))
    }
}

async fn look_at_job(db: &mut PgConnection, id: JobId) -> sqlx::Result<Option<String>> {
    let job = inspect::find_detail(db, id).await?.filter(|job| job.row.state.is_live());
    let Some(job) = job else { return Ok(None) };
    let why = inspect::explain(db, &job).await?;
    Ok(Some(format!("{} {} {why}", job.row.state, job.row.attempt)))
}

#[cfg(test)]
mod tests {
    use pawdium_shared::config::RedisConfig;
    use pawdium_shared::db::MIGRATIONS;
    use pawdium_shared::live::{News, Subscription};
    use pawdium_shared::redis::Redis;

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    impl Polls {
        fn runs(&self) -> bool {
            !self.0.running.lock().is_empty()
        }

        async fn ends(&self) {
            while self.runs() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn changed(stream: &Subscription) {
        tokio::time::timeout(SOON, stream.wait()).await.expect("it is told within seconds");
        let news = News::Of { position: None, topic: Topic::Queues, note: Note::Changed };
        assert_eq!(stream.take(9), [news]);
    }

    #[sqlx::test(migrator = "MIGRATIONS")]
    async fn the_database_is_asked_only_while_somebody_watches(db: PgPool) {
        let nowhere = RedisConfig { url: "redis://127.0.0.1:9".into(), ..RedisConfig::default() };
        let changes = Changes::start(Redis::connect(&nowhere, "").expect("a URL"));
        let polls = Polls::new(db.clone(), changes.clone());
        let first = changes.subscribe(&[Topic::Queues], None).await;
        let second = changes.subscribe(&[Topic::Queues], None).await;
        assert!(polls.ensure(Topic::Queues));
        assert!(!polls.ensure(Topic::Queues), "one task is enough");
        changed(&first).await;
        changed(&second).await;
        drop(first);
        tokio::time::sleep(2 * LOOK).await;
        assert!(polls.runs(), "one still watches");
        drop(second);
        tokio::time::timeout(SOON, polls.ends()).await.expect("nobody watches");

        let again = changes.subscribe(&[Topic::Queues], None).await;
        assert!(polls.ensure(Topic::Queues));
        changed(&again).await;
        sqlx::query("update job_queues set paused_at = now() where name = 'mail'")
            .execute(&db)
            .await
            .expect("the queue is paused");
        changed(&again).await;
    }
}
