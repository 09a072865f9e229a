//! Which claims this process knows of: those whose answer got lost on the way can then be told from those that are being
//! worked on, and one that is no longer its own can be stopped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::settle::Fence;

/// All jobs that this process has claimed and whose outcome is not written yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding(Arc<Mutex<HashMap<i64, Held>>>);

#[derive(Debug)]
struct Held {
    fence: Fence,
    ended: Arc<AtomicBool>,
    revoked: CancellationToken,
}

impl Holding {
    /// Notes that a job is held, until what this returns is dropped. `None`: this very claim is held already. The database
    /// forgot it in a crash and gave it out again.
    pub(super) fn hold(&self, fence: Fence) -> Option<Arc<Hold>> {
        let (ended, revoked) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        let held = Held { fence, ended: Arc::clone(&ended), revoked: revoked.clone() };
        let mut all = self.lock();
        if all.get(&fence.job.0).is_some_and(|held| held.fence == fence) {
            return None;
        }
        all.insert(fence.job.0, held);
        Some(Arc::new(Hold { fence, ended, revoked, of: self.clone() }))
    }

    /// The held jobs with their claims.
    pub(super) fn claims(&self) -> (Vec<i64>, Vec<i32>) {
        self.lock().iter().map(|(job, held)| (*job, held.fence.claim)).unzip()
    }

    /// Stops what runs under a claim that is not this process's any more. What has ended meanwhile is left in peace.
    pub(super) fn revoke(&self, job: i64, claim: i32) {
        if let Some(held) = self.lock().get(&job)
            && claim == held.fence.claim
            && !held.ended.load(Ordering::Acquire)
        {
            held.revoked.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One job is held.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) fence: Fence,
    ended: Arc<AtomicBool>,
    /// Cancelled when the claim is no longer this process's.
    pub(super) revoked: CancellationToken,
    of: Holding,
}

impl Hold {
    /// The handler is through: what is left is to write the outcome, unless it has been written.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.of.lock();
        // The job may be held anew under another claim.
        if held.get(&self.fence.job.0).is_some_and(|held| held.fence == self.fence) {
            held.remove(&self.fence.job.0);
        }
    }
}
