//! Taking jobs off a queue under the process's lease, and what may be done with a claim.
//!
//! A claim does not wait until it is on disk (its connection has `synchronous_commit` off): should the database crash
//! within the next fraction of a second, the job is simply ready again, which is what would become of the claim anyway.
//! Enqueueing and outcomes do wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::ack::{Acks, Settlement};
use super::holding::Hold;
use super::job::{Job, Queue};
use super::lease::Registration;
use super::settle::{Fence, Outcome, settle_one};
use super::slots::Slot;
use crate::ids::{JobId, WorkerId};

/// A job as a claim returns it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: JobId,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) attempt: i16,
    pub(super) max_attempts: i16,
    pub(super) claim: i32,
    pub(super) priority: i16,
    pub(super) turn: i64,
    pub(super) created_at: DateTime<Utc>,
}

/// A place in a queue's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    priority: i16,
    turn: i64,
    id: i64,
}

impl Place {
    /// Before all jobs.
    pub(super) const FIRST: Self = Self { priority: i16::MIN, turn: i64::MIN, id: 0 };
}

impl Row {
    pub(super) fn place(&self) -> Place {
        Place { priority: self.priority, turn: self.turn, id: self.id.0 }
    }

    /// The claim's number and holder.
    pub(super) fn fence(&self, worker: WorkerId) -> Fence {
        Fence { job: self.id, claim: self.claim, worker: Some(worker) }
    }
}

/// Whether a claim heeds that a queue is held: paused or limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heed {
    /// Claim nothing of a queue that is held.
    Hold,
    /// The caller has looked at the limits already.
    Nothing,
}

/// What a process asks for.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) queue: Queue,
    pub(super) worker: WorkerId,
    /// The most jobs.
    pub(super) limit: usize,
    /// The number under which the database notes what this claim takes.
    pub(super) batch: i64,
    /// The numbers of earlier claims of which nothing runs any more.
    pub(super) over: Vec<i64>,
}

impl Ask {
    /// The limit as Postgres takes it.
    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }
}

/// Claims ready jobs behind `after`, by priority, then by turn, then by age. Counting the attempt here and not at its end
/// is what makes a job that kills its worker run out of attempts too.
///
/// Rows are updated where they were found, without a second way through an index, and no index is written. One that
/// somebody else changes in that very moment has moved and is left out; whoever makes a job ready announces it, so the
/// next claim finds it.
pub(super) async fn claim(
    db: impl PgExecutor<'_>,
    ask: &Ask,
    after: Place,
    heed: Heed,
) -> sqlx::Result<Vec<Row>> {
    let mut rows = sqlx::query_as!(
        Row,
        r#"with ended as (
               delete from job_batches where queue = $1 and worker_id = $2 and number = any($9)
           ), claimed as (
               update jobs
               set state = 'running', attempt = attempt + 1, claim = claim + 1, worker_id = $2,
                   claimed_at = clock_timestamp(),
                   unique_key = case when key_waits_only then null else unique_key end
               where ctid = any(array(
                   select ctid from jobs
                   where queue = $1 and open and state = 'ready' and (priority, turn, id) > ($4, $5, $6)
                     and ($7 or not coalesce((select held from job_queues where name = $1), false))
                   order by priority, turn, id
                   limit $3
                   for update skip locked
               ))
               returning id, kind, payload::text, attempt, max_attempts, claim, priority, turn, created_at
           ), noted as (
               insert into job_batches (queue, worker_id, number, jobs)
               select $1, $2, $8, array_agg(id) from claimed having count(*) > 0
           )
           select id as "id: JobId", kind, payload as "payload!", attempt, max_attempts, claim, priority, turn,
                  created_at
           from claimed"#,
        ask.queue.name(),
        ask.worker.0,
        ask.limit(),
        after.priority,
        after.turn,
        after.id,
        heed == Heed::Nothing,
        ask.batch,
        &ask.over,
    )
    .fetch_all(db)
    .await?;
    rows.sort_unstable_by_key(Row::place);
    Ok(rows)
}

/// Removes the rows of claims that are over, for whoever doesn't [`claim`] in order, which does that by the way.
pub(super) async fn forget(db: impl PgExecutor<'_>, ask: &Ask) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from job_batches where queue = $1 and worker_id = $2 and number = any($3)",
        ask.queue.name(),
        ask.worker.0,
        &ask.over,
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
    /// Frees the slot when the job is through.
    pub(super) slot: Slot,
}

impl Claimed {
    pub(super) fn new(row: Row, hold: Arc<Hold>, registration: Registration, acks: Acks, slot: Slot) -> Self {
        let claim = Claim {
            attempt: row.attempt,
            created_at: row.created_at,
            hold,
            registration,
            acks,
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
    pub(super) hold: Arc<Hold>,
    pub(super) registration: Registration,
    acks: Acks,
    completed: AtomicBool,
}

/// The claim was lost to another worker: the transaction must roll back.
#[derive(Debug, thiserror::Error)]
#[error("another worker has taken this job over")]
pub struct ClaimLost;

impl Claim {
    /// The job's id, the same over all attempts.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.hold.fence.job
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> i16 {
        self.attempt
    }

    /// How long ago the job was enqueued; nothing where this machine's clock is behind the database's.
    #[must_use]
    pub fn age(&self) -> Duration {
        (Utc::now() - self.created_at).to_std().unwrap_or_default()
    }

    /// Marks the job done inside the handler's own transaction, so that its effects and the ack commit together or not
    /// at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// [`ClaimLost`] when the claim is no longer current, or the database's error; drop the transaction then.
    pub async fn complete<J: Job>(&self, db: &mut PgConnection, _job: &J) -> anyhow::Result<()> {
        self.end(db, &Outcome::Done { keep: J::HISTORY }).await
    }

    /// Marks the job dead inside the handler's own transaction, so that what it leaves behind and the dead letter commit
    /// together or not at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn bury(&self, db: &mut PgConnection, error: &anyhow::Error) -> anyhow::Result<()> {
        self.end(db, &Outcome::Dead { error: format!("{error:#}") }).await
    }

    async fn end(&self, db: &mut PgConnection, outcome: &Outcome) -> anyhow::Result<()> {
        if !settle_one(db, self.hold.fence, outcome).await? {
            return Err(ClaimLost.into());
        }
        self.completed.store(true, Ordering::Release);
        self.hold.end();
        Ok(())
    }

    /// Whether the handler ended the job in its own transaction.
    pub(super) fn completed(&self) -> bool {
        self.completed.load(Ordering::Acquire)
    }

    pub(super) fn settle(&self, outcome: Outcome) {
        self.hold.end();
        self.acks.settle(Settlement { hold: Arc::clone(&self.hold), outcome });
    }
}
