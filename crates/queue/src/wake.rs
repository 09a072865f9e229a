//! Wake-ups: when to look for jobs. LISTEN is fast, and a poll finds what no notification announced.

use std::sync::Arc;
use std::time::Duration;

use pawdium_db::CHANNEL;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::in_flight::InFlight;
use super::job::Queue;
use super::partition::with_turns;
use super::settle::Fence;

/// The time between two polls, and so the longest delay if a notification is lost. With the heartbeat, an idle process
/// makes one query a second.
pub(super) const POLL: Duration = Duration::from_millis(1500);

/// The most due jobs that one poll makes ready. The next poll takes the rest.
const PROMOTE: i64 = 1000;

/// The notification that a job is due, of whatever queue.
pub(super) const DUE: &str = "+";

/// Precedes the name of a queue in the notification that its settings have changed.
pub(super) const CHANGED: char = '=';

/// The wake-ups of all queues. One that comes while nothing waits for it is kept.
#[derive(Clone, Debug)]
pub(super) struct WakeUps {
    queues: Arc<[QueueWakeUps]>,
    due: Arc<Notify>,
    in_flight: InFlight,
}

#[derive(Debug)]
struct QueueWakeUps {
    queue: Queue,
    work: Notify,
    settings: Notify,
}

impl WakeUps {
    /// Starts listening and polling on connections from `db` until `stop`.
    pub(super) fn start(db: PgPool, queues: &[Queue], in_flight: InFlight, stop: CancellationToken) -> Self {
        let of_queue =
            |queue: &Queue| QueueWakeUps { queue: *queue, work: Notify::new(), settings: Notify::new() };
        let wake_ups = Self { queues: queues.iter().map(of_queue).collect(), due: Arc::default(), in_flight };
        tokio::spawn(stop.clone().run_until_cancelled_owned(listen(db.clone(), wake_ups.clone())));
        tokio::spawn(stop.run_until_cancelled_owned(poll(db, wake_ups.clone())));
        wake_ups
    }

    /// Waits until the queue has work, or its settings change.
    pub(super) async fn woken(&self, queue: Queue) {
        if let Some(queue) = self.of(queue.name()) {
            queue.work.notified().await;
        }
    }

    /// Waits until the queue's settings change.
    pub(super) async fn changed(&self, queue: Queue) {
        if let Some(queue) = self.of(queue.name()) {
            queue.settings.notified().await;
        }
    }

    fn of(&self, name: &str) -> Option<&QueueWakeUps> {
        self.queues.iter().find(|queue| queue.queue.name() == name)
    }

    /// Handles a notification: the name of a queue that has work, with [`CHANGED`] before it if its settings have
    /// changed, [`DUE`], or a [`revocation`].
    fn handle(&self, notification: &str) {
        if notification == DUE {
            self.due.notify_one();
        } else if let Some(queue) = self.of(notification.strip_prefix(CHANGED).unwrap_or(notification)) {
            if notification.starts_with(CHANGED) {
                queue.settings.notify_one();
            }
            queue.work.notify_one();
        } else if let Some((job, claim)) =
            notification.strip_prefix('!').and_then(|claim| claim.split_once(' '))
            && let (Ok(job), Ok(claim)) = (job.parse(), claim.parse())
        {
            self.in_flight.revoke(job, claim);
        }
    }
}

/// The notification that a running job is cancelled. It has the claim's number, because the job may be retried and claimed
/// again before the notification arrives.
pub(super) fn revocation(fence: Fence) -> String {
    format!("!{} {}", fence.job, fence.claim)
}

async fn listen(db: PgPool, wake_ups: WakeUps) {
    loop {
        if let Err(error) = listen_on_one_connection(&db, &wake_ups).await {
            debug!(%error, "lost the listening connection; only polling until it is back");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn listen_on_one_connection(db: &PgPool, wake_ups: &WakeUps) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.listen(CHANNEL).await?;
    // `try_recv` returns `None` when the connection is lost. The poll finds what is announced in the meantime.
    while let Some(notification) = listener.try_recv().await? {
        wake_ups.handle(notification.payload());
    }
    Ok(())
}

async fn poll(db: PgPool, wake_ups: WakeUps) {
    let mut ticks = tokio::time::interval(POLL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = wake_ups.due.notified() => {}
        }
        match tokio::time::timeout(POLL * 4, promote_due(&db, &wake_ups.queues)).await {
            Ok(Ok(queues)) => {
                away = false;
                for queue in &queues {
                    wake_ups.handle(queue);
                }
            }
            Ok(Err(error)) if !away => {
                warn!(%error, "failed to look for due jobs; trying again until it succeeds");
                away = true;
            }
            _ => {}
        }
    }
}

/// Makes due jobs ready, and returns the names of all queues that have ready jobs, and of paused queues with [`CHANGED`]
/// before them. Jobs of a partition get a new turn: a thousand that failed together come back among the others, and not
/// before them.
///
/// `locked` finds due jobs in the index `jobs_scheduled`, and `due` updates them by the primary key. The last part looks
/// for one ready job of each queue in the index `jobs_open`, by a subquery with `limit 1`: the planner may turn `exists`
/// into a join with all jobs.
async fn promote_due(db: &PgPool, queues: &[QueueWakeUps]) -> sqlx::Result<Vec<String>> {
    let queues: Vec<String> = queues.iter().map(|queue| queue.queue.name().to_owned()).collect();
    with_turns!(query_scalar!(
        r#"with locked as (
               select id, queue, priority, partition_key from jobs
               where not open and run_at <= now()
               order by run_at limit $2
               for update skip locked
           ), due as (
               update jobs set state = 'ready', turn = placed.turn
               from ("#,
        ..,
        r#"
                     from locked) as placed
               where jobs.id = placed.id
               returning queue
           )
           select name as "name!" from unnest($1::text[]) as names (name)
           where (select true from jobs where queue = name and open and state = 'ready' limit 1)
           union
           select queue from due
           union
           select $3 || name from job_queues where paused_at is not null"#,
        &queues,
        PROMOTE,
        String::from(CHANGED),
    ))
    .fetch_all(db)
    .await
}
