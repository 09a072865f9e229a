//! Decoder processes that have rendered a picture well and wait for the next one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::process::Process;

/// How many pictures one process renders. Its start, its memory and its code are paid for by so many; whoever takes one
/// over, with a picture that is rendered well, sees no more than the rest of them.
pub(super) const PICTURES: u32 = 32;

/// How long one waits for the next picture: a worker without work holds no memory for it.
const IDLE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<(Instant, Process)>>>);

impl Pool {
    /// The one that waits for the shortest time, if it has kept silent.
    pub(super) fn take(&self) -> Option<Process> {
        loop {
            let (since, mut process) = self.lock().pop()?;
            if since.elapsed() < IDLE && process.is_at_rest() {
                return Some(process);
            }
        }
    }

    /// Keeps it for the next picture, unless it has rendered enough.
    pub(super) fn put(&self, process: Process) {
        if process.rendered >= PICTURES {
            process.dismiss();
            return;
        }
        self.lock().push((Instant::now(), process));
        let pool = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            pool.dismiss_idle();
        });
    }

    fn dismiss_idle(&self) {
        let now = Instant::now();
        let idle: Vec<_> =
            self.lock().extract_if(.., |(since, _)| now.duration_since(*since) >= IDLE).collect();
        for (_, process) in idle {
            process.dismiss();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, Process)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
