//! A pool of idle decoder processes, each waiting for the next picture of its owner.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::process::Process;

/// Identifies the owner whose pictures one process may see. Any number that tells owners apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub i64);

/// Pictures per process. They share the cost of its start, memory and cold code.
pub(super) const PICTURES: u32 = 32;

/// How long a process waits for the next picture. An idle worker holds no memory for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Maximum number of idle processes. A member who submits many pictures has several rendered at a time, but few
/// members do so at once.
const WAITING: usize = 4;

/// The idle processes, most recent last.
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
    /// Takes the owner's most recently used process, if it has stayed silent.
    pub(super) fn take(&self, owner: Owner) -> Option<Process> {
        loop {
            let mut waiting = self.waiting.lock();
            let last = waiting.iter().rposition(|waiting| waiting.owner == owner)?;
            let Waiting { since, mut process, .. } = waiting.remove(last);
            drop(waiting);
            if since.elapsed() < self.patience && process.is_at_rest() {
                return Some(process);
            }
        }
    }

    /// Keeps the process for the owner's next picture, unless it has reached [`PICTURES`].
    pub(super) fn put(&self, owner: Owner, process: Process) {
        if process.rendered >= PICTURES {
            process.dismiss();
            return;
        }
        let mut waiting = self.waiting.lock();
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
        let impatient: Vec<_> = self.waiting.lock().extract_if(.., over).collect();
        for Waiting { process, .. } in impatient {
            process.dismiss();
        }
    }
}
