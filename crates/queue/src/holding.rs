//! Which claims this process knows of: those whose answer got lost on the way can then be told from those that are being
//! worked on, and one that is no longer its own can be stopped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::claim::Ask;
use super::job::Queue;
use super::settle::Fence;
use crate::ids::WorkerId;

/// All jobs that this process has claimed and whose outcome is not written yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding(Arc<Mutex<All>>);

#[derive(Debug, Default)]
struct All {
    jobs: HashMap<i64, Held>,
    /// How many claims there were.
    batches: i64,
    /// Those of which nothing is held any more, and whose rows in the database may be there still.
    over: Vec<Over>,
}

#[derive(Debug)]
struct Held {
    fence: Fence,
    ended: Arc<AtomicBool>,
    revoked: CancellationToken,
}

/// A claim of which nothing is held any more.
#[derive(Debug)]
struct Over {
    queue: Queue,
    number: i64,
    /// The database has confirmed the outcome of each of its jobs. A handler that ended its claim itself may be wrong.
    confirmed: bool,
}

/// What a heartbeat compares with the database, as columns.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The held jobs with their claims.
    pub(super) jobs: Vec<i64>,
    pub(super) claims: Vec<i32>,
    /// Queues and numbers of claims of which nothing is held since the last heartbeat.
    pub(super) over_queues: Vec<String>,
    pub(super) over_batches: Vec<i64>,
}

impl Holding {
    /// A claim, with the next number.
    pub(super) fn ask(&self, queue: Queue, worker: WorkerId, limit: usize) -> Ask {
        let mut all = self.lock();
        all.batches += 1;
        let confirmed = |over: &mut Over| over.confirmed && over.queue == queue;
        let over = all.over.extract_if(.., confirmed).map(|over| over.number).collect();
        Ask { queue, worker, limit, batch: all.batches, over }
    }

    /// What a claim has taken, which is so many jobs.
    pub(super) fn batch(&self, ask: &Ask, jobs: usize) -> Arc<Batch> {
        let unconfirmed = AtomicUsize::new(jobs);
        Arc::new(Batch { queue: ask.queue, number: ask.batch, unconfirmed, of: self.clone() })
    }

    /// Notes that a job is held, until what this returns is dropped. `None`: this very claim is held already. The database
    /// forgot it in a crash and gave it out again.
    pub(super) fn hold(&self, fence: Fence, batch: &Arc<Batch>) -> Option<Arc<Hold>> {
        let (ended, revoked) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        let held = Held { fence, ended: Arc::clone(&ended), revoked: revoked.clone() };
        let mut all = self.lock();
        if all.jobs.get(&fence.job.0).is_some_and(|held| held.fence == fence) {
            return None;
        }
        all.jobs.insert(fence.job.0, held);
        Some(Arc::new(Hold { fence, ended, revoked, batch: Arc::clone(batch) }))
    }

    /// What is held now, and what is over since this was last asked for.
    pub(super) fn known(&self) -> Known {
        let mut all = self.lock();
        let (over_queues, over_batches) =
            all.over.drain(..).map(|over| (over.queue.name().to_owned(), over.number)).unzip();
        let (jobs, claims) = all.jobs.iter().map(|(job, held)| (*job, held.fence.claim)).unzip();
        Known { jobs, claims, over_queues, over_batches }
    }

    /// Stops what runs under a claim that is not this process's any more. What has ended meanwhile is left in peace.
    pub(super) fn revoke(&self, job: i64, claim: i32) {
        if let Some(held) = self.lock().jobs.get(&job)
            && claim == held.fence.claim
            && !held.ended.load(Ordering::Acquire)
        {
            held.revoked.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one claim has taken. It is over when nothing of it is held.
#[derive(Debug)]
pub(super) struct Batch {
    queue: Queue,
    number: i64,
    unconfirmed: AtomicUsize,
    of: Holding,
}

impl Drop for Batch {
    fn drop(&mut self) {
        let confirmed = *self.unconfirmed.get_mut() == 0;
        self.of.lock().over.push(Over { queue: self.queue, number: self.number, confirmed });
    }
}

/// One job is held.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) fence: Fence,
    ended: Arc<AtomicBool>,
    /// Cancelled when the claim is no longer this process's.
    pub(super) revoked: CancellationToken,
    batch: Arc<Batch>,
}

impl Hold {
    /// The handler is through: what is left is to write the outcome, unless it has been written.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// The outcome is written, and counted.
    pub(super) fn confirm(&self) {
        self.batch.unconfirmed.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut all = self.batch.of.lock();
        // The job may be held anew under another claim.
        if all.jobs.get(&self.fence.job.0).is_some_and(|held| held.fence == self.fence) {
            all.jobs.remove(&self.fence.job.0);
        }
    }
}
