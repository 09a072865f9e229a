//! Which claimed jobs this process knows of, so that a claim whose answer got lost on the way can be told from one that
//! is being worked on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::JobId;

/// The ids of all jobs that this process has claimed and whose outcome is not written yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding(Arc<Mutex<HashSet<i64>>>);

impl Holding {
    /// Notes that `job` is held, until the last clone of what this returns is dropped.
    pub(super) fn hold(&self, job: JobId) -> Arc<Hold> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(job.0);
        Arc::new(Hold { job, of: self.clone() })
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// One job is held.
#[derive(Debug)]
pub(super) struct Hold {
    job: JobId,
    of: Holding,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job.0);
    }
}
