//! Knowing when a queue has work: LISTEN for speed, a poll for certainty.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::holding::Holding;
use super::job::Queue;
use super::settle::Fence;
use pawdium_db::CHANNEL;

/// Between two polls. A notification that never arrives costs at most this much latency. Together with the heartbeat
/// an idle process makes one query a second.
const POLL: Duration = Duration::from_millis(1500);

/// How many due jobs one poll makes ready at most; more are due for the next.
const PROMOTE: i64 = 1000;

/// Before the name of a queue that is paused, resumed or limited.
pub(super) const CHANGED: char = '=';

/// Two bells a queue. A ring while nobody waits is remembered.
#[derive(Clone, Debug)]
pub(super) struct Bells {
    pairs: Arc<[Pair]>,
    holding: Holding,
}

/// The bells of one queue.
#[derive(Debug)]
struct Pair {
    queue: Queue,
    work: Notify,
    settings: Notify,
}

impl Bells {
    /// Starts listening and polling on connections from `db` until `stop`.
    pub(super) fn start(db: PgPool, queues: &[Queue], holding: Holding, stop: CancellationToken) -> Self {
        let pair = |queue: &Queue| Pair { queue: *queue, work: Notify::new(), settings: Notify::new() };
        let bells = Self { pairs: queues.iter().map(pair).collect(), holding };
        tokio::spawn(stop.clone().run_until_cancelled_owned(listen(db.clone(), bells.clone())));
        tokio::spawn(stop.run_until_cancelled_owned(poll(db, bells.clone())));
        bells
    }

    /// Waits for news of work, or of settings.
    pub(super) async fn rung(&self, queue: Queue) {
        if let Some(pair) = self.of(queue.name()) {
            pair.work.notified().await;
        }
    }

    /// Waits for news of settings.
    pub(super) async fn changed(&self, queue: Queue) {
        if let Some(pair) = self.of(queue.name()) {
            pair.settings.notified().await;
        }
    }

    fn of(&self, queue: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.queue.name() == queue)
    }

    /// Heeds a notification: a queue's name where there is work, with [`CHANGED`] before it where an operator has changed
    /// its settings, or what [`revocation`] says.
    fn heed(&self, told: &str) {
        if let Some(pair) = self.of(told.strip_prefix(CHANGED).unwrap_or(told)) {
            if told.starts_with(CHANGED) {
                pair.settings.notify_one();
            }
            pair.work.notify_one();
        } else if let Some((job, claim)) = told.strip_prefix('!').and_then(|claim| claim.split_once(' '))
            && let (Ok(job), Ok(claim)) = (job.parse(), claim.parse())
        {
            self.holding.revoke(job, claim);
        }
    }
}

/// The notification that a claim is called off. It bears the claim's number, because the job may be brought back and
/// claimed anew before everybody has heard of it.
pub(super) fn revocation(fence: Fence) -> String {
    format!("!{} {}", fence.job, fence.claim)
}

async fn listen(db: PgPool, bells: Bells) {
    loop {
        if let Err(error) = listen_on_one_connection(&db, &bells).await {
            debug!(%error, "lost the listening connection; polling until it is back");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn listen_on_one_connection(db: &PgPool, bells: &Bells) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.listen(CHANNEL).await?;
    // `try_recv` answers None when the connection was lost: what was announced meanwhile is found by the poll.
    while let Some(notification) = listener.try_recv().await? {
        bells.heed(notification.payload());
    }
    Ok(())
}

async fn poll(db: PgPool, bells: Bells) {
    let mut ticks = tokio::time::interval(POLL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        ticks.tick().await;
        match tokio::time::timeout(POLL * 4, promote_due(&db, &bells.pairs)).await {
            Ok(Ok(queues)) => {
                away = false;
                for queue in &queues {
                    bells.heed(queue);
                }
            }
            Ok(Err(error)) if !away => {
                warn!(%error, "couldn't look for due jobs; will keep trying");
                away = true;
            }
            _ => {}
        }
    }
}

/// Makes scheduled jobs ready whose time has come, and names every queue that has ready jobs. Those of a partition get a
/// new place in the round: a thousand that failed together come back among the others, not before them. Paused queues are
/// named too, as [`CHANGED`].
///
/// One ready job of a queue is asked for as a value: `exists` may become a join with all jobs.
async fn promote_due(db: &PgPool, pairs: &[Pair]) -> sqlx::Result<Vec<String>> {
    let queues: Vec<String> = pairs.iter().map(|pair| pair.queue.name().to_owned()).collect();
    sqlx::query_scalar!(
        r#"with locked as (
               select id, queue, priority, partition_key from jobs
               where not open and run_at <= now()
               order by run_at limit $2
               for update skip locked
           ), due as (
               update jobs set state = 'ready', turn = placed.turn
               from (select id, case when partition_key is null then 0
                                     else job_round(queue, priority)
                                          + row_number() over (partition by queue, partition_key order by id)
                                end as turn
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
    )
    .fetch_all(db)
    .await
}
