//! Decoder processes that have rendered a picture well and wait for the next one of its owner.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::process::Process;

/// Whose pictures one process may see, by any number that tells owners apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub i64);

/// How many pictures one process renders. Its start, its memory and its code are paid for by so many.
pub(super) const PICTURES: u32 = 32;

/// How long one waits for the next picture: a worker without work holds no memory for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many wait at once. Whoever submits many pictures has more than one rendered at a time, but few do so at once.
const WAITING: usize = 4;

/// The processes that wait, the last one last.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    waiting: Arc<Mutex<Vec<Waiting>>>,
    pub(super) patience: Duration,
}

#[derive(Debug)]
struct Waiting {
    owner: Owner,
    since: Instant,
    process: Process,
}

impl Default for Pool {
    fn default() -> Self {
        Self { waiting: Arc::default(), patience: PATIENCE }
    }
}

impl Pool {
    /// The owner's that waits for the shortest time, if it has kept silent.
    pub(super) fn take(&self, owner: Owner) -> Option<Process> {
        loop {
            let mut waiting = self.lock();
            let last = waiting.iter().rposition(|waiting| waiting.owner == owner)?;
            let Waiting { since, mut process, .. } = waiting.remove(last);
            drop(waiting);
            if since.elapsed() < self.patience && process.is_at_rest() {
                return Some(process);
            }
        }
    }

    /// Keeps it for the owner's next picture, unless it has rendered enough.
    pub(super) fn put(&self, owner: Owner, process: Process) {
        if process.rendered >= PICTURES {
            process.dismiss();
            return;
        }
        let mut waiting = self.lock();
        waiting.push(Waiting { owner, since: Instant::now(), process });
        let one_too_many = (waiting.len() > WAITING).then(|| waiting.remove(0));
        drop(waiting);
        if let Some(Waiting { process, .. }) = one_too_many {
            process.dismiss();
        }
        let pool = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(pool.patience).await;
            pool.dismiss_impatient();
        });
    }

    fn dismiss_impatient(&self) {
        let over = |waiting: &mut Waiting| waiting.since.elapsed() >= self.patience;
        let impatient: Vec<_> = self.lock().extract_if(.., over).collect();
        for Waiting { process, .. } in impatient {
            process.dismiss();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
