//! Claiming jobs under the process's lease, and what a handler can do with its claim.
//!
//! The statement does not wait for the disk: its connection has `synchronous_commit` off. If the database crashes before
//! the claim is on disk, the job is ready again, as it would be after any crash. Enqueueing and outcomes do wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::completer::{Completer, Completion};
use super::in_flight::{ClaimRequest, Tracked};
use super::job::Job;
use super::lease::Registration;
use super::settle::{Fence, Outcome, Unfinished, settle_one};
use super::slots::Slot;
use crate::ids::{JobId, WorkerId};

/// A claimed job as the database returns it.
#[derive(Debug)]
pub(super) struct ClaimedRow {
    pub(super) id: JobId,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) attempt: i16,
    pub(super) max_attempts: i16,
    pub(super) claim: i32,
    pub(super) priority: i16,
    pub(super) turn: i64,
    pub(super) partition_key: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

/// A position in a queue's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    priority: i16,
    turn: i64,
    id: i64,
}

impl Position {
    /// The position before all jobs.
    pub(super) const FIRST: Self = Self { priority: i16::MIN, turn: i64::MIN, id: 0 };
}

impl ClaimedRow {
    pub(super) fn position(&self) -> Position {
        Position { priority: self.priority, turn: self.turn, id: self.id.0 }
    }

    /// The claim's number and worker.
    pub(super) fn fence(&self, worker: WorkerId) -> Fence {
        Fence { job: self.id, claim: self.claim, worker: Some(worker) }
    }
}

/// Whether the statement looks at the queue's restrictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restrictions {
    /// Claim nothing from a queue that is paused or limited.
    Apply,
    /// The caller has checked them already.
    Checked,
}

/// Claims the jobs that a condition names. The CTEs before it begin the statement, and the further arguments begin at `$4`:
/// the first three are the queue, the worker and the number of the batch.
macro_rules! query_claimed {
    ($request:ident, $with:literal, $condition:literal, $($argument:tt)*) => {
        sqlx::query_as!(
            ClaimedRow,
            $with
                + ", claimed as (
               update jobs
               set state = 'running', attempt = attempt + 1, claim = claim + 1, worker_id = $2,
                   claimed_at = clock_timestamp(),
                   unique_key = case when key_waits_only then null else unique_key end
               where "
                + $condition
                + r#"
               returning id, kind, payload::text, attempt, max_attempts, claim, priority, turn, partition_key, created_at
           ), noted as (
               insert into job_batches (queue, worker_id, number, jobs)
               select $1, $2, $3, array_agg(id) from claimed having count(*) > 0
           )
           select id as "id: crate::ids::JobId", kind, payload as "payload!", attempt, max_attempts, claim, priority, turn,
                  partition_key, created_at
           from claimed"#,
            $request.queue.name(),
            $request.worker.0,
            $request.batch,
            $($argument)*
        )
    };
}
pub(super) use query_claimed;

/// Claims ready jobs after a position, by priority, then by turn, then by age. The attempt is counted here and not at its
/// end, so that a job that kills its worker runs out of attempts too.
///
/// - `ended` deletes the rows of batches that have no job in flight, by the primary key.
/// - `claimed` finds jobs in the index `jobs_open` and updates them where it found them, by `ctid`, without a second index
///   lookup. It changes no indexed column. A row that another transaction updates at the same moment has moved, and is left
///   out. That transaction announces the job if it makes it ready, so the next claim finds it.
/// - `noted` inserts the row of this batch.
pub(super) async fn claim_batch(
    db: impl PgExecutor<'_>,
    request: &ClaimRequest,
    after: Position,
    restrictions: Restrictions,
) -> sqlx::Result<Vec<ClaimedRow>> {
    let mut rows = query_claimed!(
        request,
        r#"with ended as (
               delete from job_batches where queue = $1 and worker_id = $2 and number = any($4)
           )"#,
        "ctid = any(array(
                   select ctid from jobs
                   where queue = $1 and open and state = 'ready' and (priority, turn, id) > ($6, $7, $8)
                     and ($9 or not coalesce((select held from job_queues where name = $1), false))
                   order by priority, turn, id
                   limit $5
                   for update skip locked
               ))",
        &request.ended,
        request.limit(),
        after.priority,
        after.turn,
        after.id,
        restrictions == Restrictions::Checked,
    )
    .fetch_all(db)
    .await?;
    rows.sort_unstable_by_key(ClaimedRow::position);
    Ok(rows)
}

/// Deletes the rows of batches that have no job in flight. [`claim_batch`] does the same.
pub(super) async fn forget_ended(db: impl PgExecutor<'_>, request: &ClaimRequest) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from job_batches where queue = $1 and worker_id = $2 and number = any($3)",
        request.queue.name(),
        request.worker.0,
        &request.ended,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A claimed job on its way to its handler.
#[derive(Debug)]
pub struct Claimed {
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) max_attempts: i16,
    pub(super) claim: Arc<Claim>,
    /// Frees its slot when the job has ended.
    pub(super) slot: Slot,
}

impl Claimed {
    pub(super) fn new(
        row: ClaimedRow,
        tracked: Arc<Tracked>,
        registration: Registration,
        completer: Completer,
        slot: Slot,
    ) -> Self {
        let claim = Claim {
            attempt: row.attempt,
            created_at: row.created_at,
            tracked,
            registration,
            completer,
            completed: AtomicBool::new(false),
        };
        Self {
            kind: row.kind,
            payload: row.payload,
            max_attempts: row.max_attempts,
            claim: Arc::new(claim),
            slot,
        }
    }
}

/// A process's right to run a job and to say how it ended.
#[derive(Debug)]
pub struct Claim {
    attempt: i16,
    created_at: DateTime<Utc>,
    pub(super) tracked: Arc<Tracked>,
    pub(super) registration: Registration,
    completer: Completer,
    completed: AtomicBool,
}

/// The process has lost the claim, so the transaction must roll back.
#[derive(Debug, thiserror::Error)]
#[error("another worker has taken this job over")]
pub struct ClaimLost;

impl Claim {
    /// The job's id, the same over all attempts.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.tracked.fence.job
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> i16 {
        self.attempt
    }

    /// The time since the job was enqueued; zero if this machine's clock is behind the database's.
    #[must_use]
    pub fn age(&self) -> Duration {
        (Utc::now() - self.created_at).to_std().unwrap_or_default()
    }

    /// Completes the job inside the handler's own transaction, so that its effects and its outcome commit together or not
    /// at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// [`ClaimLost`] if the claim is no longer current, or the database's error. Drop the transaction in both cases.
    pub async fn complete<J: Job>(&self, db: &mut PgConnection, _job: &J) -> anyhow::Result<()> {
        self.end(db, &Outcome::Done { keep: J::HISTORY }).await
    }

    /// Makes the job a dead letter inside the handler's own transaction, so that the handler's changes and the outcome
    /// commit together or not at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// As for [`complete`](Self::complete).
    pub async fn bury(&self, db: &mut PgConnection, error: &anyhow::Error) -> anyhow::Result<()> {
        self.end(db, &Unfinished::Dead { error: format!("{error:#}") }.into()).await
    }

    async fn end(&self, db: &mut PgConnection, outcome: &Outcome) -> anyhow::Result<()> {
        if !settle_one(db, self.tracked.fence, outcome).await? {
            return Err(ClaimLost.into());
        }
        self.completed.store(true, Ordering::Release);
        self.tracked.end();
        Ok(())
    }

    /// Whether the handler wrote the outcome in its own transaction.
    pub(super) fn completed(&self) -> bool {
        self.completed.load(Ordering::Acquire)
    }

    pub(super) fn settle(&self, outcome: Outcome) {
        self.tracked.end();
        self.completer.complete(Completion { job: Arc::clone(&self.tracked), outcome });
    }
}
