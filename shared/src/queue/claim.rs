//! Taking jobs off a queue under the process's lease, and what may be done with a claim.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{PgConnection, PgPool};
use tokio::sync::OwnedSemaphorePermit;

use super::ack::{self, Acks, Outcome, Settlement};
use super::holding::Hold;
use super::job::{Job, Queue};
use super::lease::Registration;
use crate::ids::{JobId, WorkerId};

/// A job as a claim returns it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: JobId,
    pub(super) kind: String,
    pub(super) payload: serde_json::Value,
    pub(super) attempt: i16,
    pub(super) max_attempts: i16,
    pub(super) fence: i32,
    pub(super) priority: i16,
}

/// Claims up to `limit` ready jobs for `worker`, first by priority and then by age. Counting the attempt here and not
/// at its end is what makes a job that kills its worker run out of attempts too.
pub(super) async fn claim(
    db: &PgPool,
    queue: Queue,
    worker: WorkerId,
    limit: usize,
) -> sqlx::Result<Vec<Row>> {
    let mut rows = sqlx::query_as!(
        Row,
        r#"update jobs
           set state = 'running', attempt = attempt + 1, claim = claim + 1, worker_id = $2, claimed_at = now(),
               unique_key = case when key_waits_only then null else unique_key end
           where id = any(array(
               select id from jobs
               where queue = $1 and state = 'ready'
               order by priority, id
               limit $3
               for update skip locked
           ))
           returning id as "id: JobId", kind, payload, attempt, max_attempts,
                     claim as fence, priority"#,
        queue.name(),
        worker.0,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await?;
    rows.sort_unstable_by_key(|row| (row.priority, row.id));
    Ok(rows)
}

/// A claimed job on its way to its handler.
#[derive(Debug)]
pub struct Claimed {
    pub(super) kind: String,
    pub(super) payload: serde_json::Value,
    pub(super) max_attempts: i16,
    pub(super) claim: Arc<Claim>,
    /// Frees the slot when the job is through.
    pub(super) slot: OwnedSemaphorePermit,
}

impl Claimed {
    pub(super) fn new(
        row: Row,
        hold: Arc<Hold>,
        registration: Registration,
        acks: Acks,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        let claim = Claim {
            job: row.id,
            fence: row.fence,
            attempt: row.attempt,
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
    job: JobId,
    fence: i32,
    attempt: i16,
    hold: Arc<Hold>,
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
        self.job
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> i16 {
        self.attempt
    }

    /// Marks the job done inside the handler's own transaction, so that its effects and the ack commit together or not
    /// at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// [`ClaimLost`] when the claim is no longer current, or the database's error; drop the transaction then.
    pub async fn complete<J: Job>(&self, db: &mut PgConnection, _job: &J) -> anyhow::Result<()> {
        if !ack::complete(db, self.job, self.fence, J::HISTORY).await? {
            return Err(ClaimLost.into());
        }
        self.completed.store(true, Ordering::Release);
        Ok(())
    }

    /// Marks the job dead inside the handler's own transaction, so that what it leaves behind and the dead letter commit
    /// together or not at all. The handler then commits and returns `Ok`.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn bury(&self, db: &mut PgConnection, error: &anyhow::Error) -> anyhow::Result<()> {
        if !ack::bury(db, self.job, self.fence, &format!("{error:#}")).await? {
            return Err(ClaimLost.into());
        }
        self.completed.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether the handler ended the job in its own transaction.
    pub(super) fn completed(&self) -> bool {
        self.completed.load(Ordering::Acquire)
    }

    pub(super) fn settle(&self, outcome: Outcome) {
        self.acks.settle(Settlement {
            job: self.job,
            claim: self.fence,
            outcome,
            _hold: Arc::clone(&self.hold),
        });
    }
}
