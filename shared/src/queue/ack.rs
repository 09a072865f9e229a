//! Ending claims: done, retry, dead, or handed back. Each statement takes a batch and counts only where the claim
//! number is still the current one, so it can be repeated after a lost connection without harm.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::holding::Hold;
use crate::ids::JobId;

/// How many settlements one statement takes at most.
const BATCH: usize = 500;

/// How long one statement may take before its connection is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How a claim ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Finished; kept in the history for as long as given.
    Done { keep: Option<Duration> },
    /// Failed; to run again after the delay.
    Retry { delay: Duration, error: String },
    /// Failed for good.
    Dead { error: String },
    /// Not started, or stopped by a shutdown: ready again, the attempt not counted.
    HandedBack,
    /// Not for this worker: due again after the delay, the attempt not counted.
    Postponed { delay: Duration },
}

/// The end of one claim.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    pub(super) job: JobId,
    pub(super) claim: i32,
    pub(super) outcome: Outcome,
    /// The job is held until this is written.
    pub(super) _hold: Arc<Hold>,
}

enum Message {
    Settle(Settlement),
    Flush(oneshot::Sender<()>),
}

/// Hands settlements to the task that writes them.
#[derive(Clone, Debug)]
pub(super) struct Acks(mpsc::UnboundedSender<Message>);

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settle(settlement) => settlement.fmt(f),
            Self::Flush(_) => f.write_str("Flush"),
        }
    }
}

impl Acks {
    /// Starts the writing task. The channel needs no bound of its own: what is in it was claimed, and claims are bounded.
    pub(super) fn start(db: PgPool) -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        tokio::spawn(write_settlements(db, receive));
        Self(send)
    }

    /// Queues the end of a claim for writing.
    pub(super) fn settle(&self, settlement: Settlement) {
        // The receiver lives until every sender is gone.
        let _ = self.0.send(Message::Settle(settlement));
    }

    /// Waits until everything that was queued before is written.
    pub(super) async fn flush(&self) {
        let (send, receive) = oneshot::channel();
        let _ = self.0.send(Message::Flush(send));
        let _ = receive.await;
    }
}

/// Writes settlements in batches, and keeps trying while the database is away: finished work is acked when it is back.
async fn write_settlements(db: PgPool, mut receive: mpsc::UnboundedReceiver<Message>) {
    let mut inbox = Vec::with_capacity(BATCH);
    while receive.recv_many(&mut inbox, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(inbox.len());
        let mut flushed = Vec::new();
        for message in inbox.drain(..) {
            match message {
                Message::Settle(settlement) => batch.push(settlement),
                Message::Flush(done) => flushed.push(done),
            }
        }
        write_until_it_holds(&db, &batch).await;
        for done in flushed {
            let _ = done.send(());
        }
    }
}

async fn write_until_it_holds(db: &PgPool, batch: &[Settlement]) {
    let mut wait = Duration::from_millis(50);
    let mut failed = false;
    while let Err(error) = write_in_time(db, batch).await {
        if !failed {
            warn!(%error, jobs = batch.len(), "couldn't write the outcome of jobs; will keep trying");
        }
        failed = true;
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(2));
    }
    if failed {
        info!(jobs = batch.len(), "wrote the outcome of jobs after the database came back");
    }
}

/// A connection that hangs is as good as none; what it may have written anyway is not written twice.
async fn write_in_time(db: &PgPool, batch: &[Settlement]) -> sqlx::Result<()> {
    tokio::time::timeout(PATIENCE, write(db, batch)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn write(db: &PgPool, batch: &[Settlement]) -> sqlx::Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut db = db.acquire().await?;
    let mut done = Done::default();
    let mut failed = Failed::default();
    let mut returned = Returned::default();
    for Settlement { job, claim, outcome, .. } in batch {
        match outcome {
            Outcome::Done { keep } => done.push(*job, *claim, *keep),
            Outcome::Retry { delay, error } => failed.push(*job, *claim, Some(*delay), error),
            Outcome::Dead { error } => failed.push(*job, *claim, None, error),
            Outcome::HandedBack => returned.push(*job, *claim, Duration::ZERO),
            Outcome::Postponed { delay } => returned.push(*job, *claim, *delay),
        }
    }
    done.write(&mut db).await?;
    failed.write(&mut db).await?;
    returned.write(&mut db).await
}

#[derive(Default)]
struct Done {
    jobs: Vec<i64>,
    claims: Vec<i32>,
    keep: Vec<Option<f64>>,
}

impl Done {
    fn push(&mut self, job: JobId, claim: i32, keep: Option<Duration>) {
        self.jobs.push(job.0);
        self.claims.push(claim);
        self.keep.push(keep.map(|keep| keep.as_secs_f64()));
    }

    async fn write(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        if self.jobs.is_empty() {
            return Ok(0);
        }
        let row = sqlx::query_scalar!(
            r#"with ended as (
                   delete from jobs using unnest($1::bigint[], $2::integer[], $3::float8[]) as acked (id, claim, keep)
                   where jobs.id = acked.id and jobs.claim = acked.claim and jobs.state = 'running'
                   returning jobs.*, acked.keep
               ), kept as (
                   insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim,
                                            created_at, claimed_at, expires_at, payload, last_error)
                   select id, queue, kind, 'done', priority, attempt, max_attempts, claim,
                          created_at, claimed_at, now() + make_interval(secs => keep), payload, last_error
                   from ended where keep is not null
               )
               select count(*) as "ended!" from ended"#,
            &self.jobs,
            &self.claims,
            &self.keep as &[Option<f64>],
        )
        .fetch_one(db)
        .await?;
        Ok(row.unsigned_abs())
    }
}

/// Ends one claim as done on the caller's connection, inside the caller's transaction.
/// False: the claim is no longer current, and the transaction must not commit.
pub(super) async fn complete(
    db: &mut PgConnection,
    job: JobId,
    claim: i32,
    keep: Option<Duration>,
) -> sqlx::Result<bool> {
    let mut done = Done::default();
    done.push(job, claim, keep);
    Ok(done.write(db).await? == 1)
}

/// Ends one claim as dead on the caller's connection, inside the caller's transaction. False: as for [`complete`].
pub(super) async fn bury(db: &mut PgConnection, job: JobId, claim: i32, error: &str) -> sqlx::Result<bool> {
    let mut failed = Failed::default();
    failed.push(job, claim, None, error);
    Ok(failed.write(db).await? == 1)
}

#[derive(Default)]
struct Failed {
    jobs: Vec<i64>,
    claims: Vec<i32>,
    delays: Vec<Option<f64>>,
    errors: Vec<String>,
}

impl Failed {
    fn push(&mut self, job: JobId, claim: i32, delay: Option<Duration>, error: &str) {
        self.jobs.push(job.0);
        self.claims.push(claim);
        self.delays.push(delay.map(|delay| delay.as_secs_f64()));
        // Postgres takes no NUL in text, and an error needs no more room than a page.
        self.errors.push(error.replace('\0', "\u{fffd}").chars().take(4000).collect());
    }

    /// Retries are rescheduled while attempts are left; everything else is buried in the history for 30 days.
    /// Answers with how many were buried.
    async fn write(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        if self.jobs.is_empty() {
            return Ok(0);
        }
        let buried = sqlx::query!(
            r#"with acked as (
                   select jobs.id, delay, error, delay is not null and jobs.attempt < jobs.max_attempts as again
                   from jobs
                   join unnest($1::bigint[], $2::integer[], $3::float8[], $4::text[]) as given (id, claim, delay, error)
                        on jobs.id = given.id and jobs.claim = given.claim
                   where jobs.state = 'running'
                   for update of jobs
               ), retried as (
                   update jobs
                   set state = 'scheduled', worker_id = null, last_error = error,
                       run_at = now() + make_interval(secs => delay)
                   from acked where jobs.id = acked.id and again
               ), ended as (
                   delete from jobs using acked where jobs.id = acked.id and not again
                   returning jobs.*, acked.error
               )
               insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim,
                                        created_at, claimed_at, expires_at, payload, last_error)
               select id, queue, kind, 'dead', priority, attempt, max_attempts, claim,
                      created_at, claimed_at, now() + interval '30 days', payload, error
               from ended"#,
            &self.jobs,
            &self.claims,
            &self.delays as &[Option<f64>],
            &self.errors,
        )
        .execute(db)
        .await?;
        Ok(buried.rows_affected())
    }
}

#[derive(Default)]
struct Returned {
    jobs: Vec<i64>,
    claims: Vec<i32>,
    delays: Vec<f64>,
}

impl Returned {
    fn push(&mut self, job: JobId, claim: i32, delay: Duration) {
        self.jobs.push(job.0);
        self.claims.push(claim);
        self.delays.push(delay.as_secs_f64());
    }

    /// Makes claimed jobs ready or due again without counting the attempt, and wakes whoever can take them.
    async fn write(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        if self.jobs.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "with returned as (
                 update jobs
                 set state = case when delay > 0 then 'scheduled' else 'ready' end::job_state,
                     run_at = now() + make_interval(secs => delay),
                     worker_id = null, attempt = attempt - 1, claim = jobs.claim + 1
                 from unnest($1::bigint[], $2::integer[], $3::float8[]) as given (id, claim, delay)
                 where jobs.id = given.id and jobs.claim = given.claim and jobs.state = 'running'
                 returning queue
             )
             select pg_notify($4, queue) from (select distinct queue from returned) as queues",
            &self.jobs,
            &self.claims,
            &self.delays,
            super::enqueue::CHANNEL,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
