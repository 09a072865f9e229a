//! The jobs in flight: those that this process has claimed and whose outcome is not written yet.
//!
//! The heartbeat compares this list with the database. It shows which claims were lost with their answer and which ones
//! this process no longer has.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

use super::job::Queue;
use super::settle::Fence;
use crate::ids::WorkerId;

/// All jobs in flight in this process. A clone refers to the same list.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    jobs: HashMap<i64, Entry>,
    /// The number of the last batch.
    batches: i64,
    /// Batches without a job in flight, whose rows may still be in the database.
    ended: Vec<EndedBatch>,
}

#[derive(Debug)]
struct Entry {
    fence: Fence,
    ended: Arc<AtomicBool>,
    revoked: CancellationToken,
}

#[derive(Debug)]
struct EndedBatch {
    queue: Queue,
    number: i64,
    /// The database has confirmed the outcome of each job. A handler that ended its claim itself may be wrong.
    confirmed: bool,
}

/// What a process asks for when it claims.
#[derive(Clone, Debug)]
pub(super) struct ClaimRequest {
    pub(super) queue: Queue,
    pub(super) worker: WorkerId,
    /// The most jobs.
    pub(super) limit: usize,
    /// The number of the batch in `job_batches`.
    pub(super) batch: i64,
    /// The numbers of earlier batches that have no job in flight. Their rows can go.
    pub(super) ended: Vec<i64>,
}

impl ClaimRequest {
    /// The limit as Postgres takes it.
    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }
}

/// What a heartbeat compares with the database, as columns.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The jobs in flight with their claim numbers.
    pub(super) jobs: Vec<i64>,
    pub(super) claims: Vec<i32>,
    /// Queues and numbers of the batches that ended since the last heartbeat.
    pub(super) ended_queues: Vec<String>,
    pub(super) ended_batches: Vec<i64>,
}

impl InFlight {
    /// A request for the next batch.
    pub(super) fn request(&self, queue: Queue, worker: WorkerId, limit: usize) -> ClaimRequest {
        let mut state = self.lock();
        state.batches += 1;
        let confirmed = |ended: &mut EndedBatch| ended.confirmed && ended.queue == queue;
        let ended = state.ended.extract_if(.., confirmed).map(|ended| ended.number).collect();
        ClaimRequest { queue, worker, limit, batch: state.batches, ended }
    }

    /// The batch of `jobs` jobs that a request has brought.
    pub(super) fn batch(&self, request: &ClaimRequest, jobs: usize) -> Arc<Batch> {
        let unconfirmed = AtomicUsize::new(jobs);
        Arc::new(Batch { queue: request.queue, number: request.batch, unconfirmed, of: self.clone() })
    }

    /// Adds a job, which stays in flight until the answer is dropped. `None` if the same claim is in flight already: the
    /// database forgot it in a crash and gave it out again.
    pub(super) fn track(&self, fence: Fence, batch: &Arc<Batch>) -> Option<Arc<Tracked>> {
        let (ended, revoked) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        let entry = Entry { fence, ended: Arc::clone(&ended), revoked: revoked.clone() };
        let mut state = self.lock();
        if state.jobs.get(&fence.job.0).is_some_and(|entry| entry.fence == fence) {
            return None;
        }
        state.jobs.insert(fence.job.0, entry);
        Some(Arc::new(Tracked { fence, ended, revoked, batch: Arc::clone(batch) }))
    }

    /// The jobs in flight, and the batches that ended since the last call.
    pub(super) fn known(&self) -> Known {
        let mut state = self.lock();
        let (ended_queues, ended_batches) =
            state.ended.drain(..).map(|ended| (ended.queue.name().to_owned(), ended.number)).unzip();
        let (jobs, claims) = state.jobs.iter().map(|(job, entry)| (*job, entry.fence.claim)).unzip();
        Known { jobs, claims, ended_queues, ended_batches }
    }

    /// Stops the run of a claim that this process has lost, unless the handler has already ended.
    pub(super) fn revoke(&self, job: i64, claim: i32) {
        if let Some(entry) = self.lock().jobs.get(&job)
            && claim == entry.fence.claim
            && !entry.ended.load(Ordering::Acquire)
        {
            entry.revoked.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

/// The jobs of one request. It ends when none of them is in flight.
#[derive(Debug)]
pub(super) struct Batch {
    queue: Queue,
    number: i64,
    unconfirmed: AtomicUsize,
    of: InFlight,
}

impl Drop for Batch {
    fn drop(&mut self) {
        let confirmed = *self.unconfirmed.get_mut() == 0;
        self.of.lock().ended.push(EndedBatch { queue: self.queue, number: self.number, confirmed });
    }
}

/// Keeps one job in flight.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) fence: Fence,
    ended: Arc<AtomicBool>,
    /// Cancelled when the process loses the claim.
    pub(super) revoked: CancellationToken,
    batch: Arc<Batch>,
}

impl Tracked {
    /// Notes that the handler has ended. The outcome may still have to be written.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Notes that the database has written and counted the outcome.
    pub(super) fn confirm(&self) {
        self.batch.unconfirmed.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let mut state = self.batch.of.lock();
        // The job may be in flight again under a newer claim.
        if state.jobs.get(&self.fence.job.0).is_some_and(|entry| entry.fence == self.fence) {
            state.jobs.remove(&self.fence.job.0);
        }
    }
}
