//! Handlers that a test lets through one by one. They count how many run at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use pawdium_kit::waiting::{SOON, until};
use pawdium_queue::{JobError, Runner};
use tokio::sync::Semaphore;

use crate::kinds::{Diary, Letter, Note, Owned, Patient, Single, Traceless};

/// Where handlers wait until they are let through.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The texts of the jobs, in the order in which they started.
    pub(crate) started: Diary,
    /// Those that were stopped while they waited.
    pub(crate) stopped: Diary,
    permits: Semaphore,
    inside: Mutex<Inside>,
}

/// How many handlers wait at the gate now, and the most so far, by owner. The empty owner counts all.
#[derive(Debug, Default)]
struct Inside {
    now: BTreeMap<String, usize>,
    most: BTreeMap<String, usize>,
}

/// A handler at the gate.
struct Visit<'a> {
    gate: &'a Gate,
    text: String,
    through: bool,
}

/// The owners to count a text under: all, and the part before the colon.
fn owners(text: &str) -> impl Iterator<Item = String> {
    let owner = text.split_once(':').map_or(text, |(owner, _)| owner);
    [String::new(), owner.to_owned()].into_iter().skip(usize::from(owner.is_empty()))
}

impl Gate {
    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self {
            started: Diary::default(),
            stopped: Diary::default(),
            permits: Semaphore::new(0),
            inside: Mutex::default(),
        })
    }

    pub(crate) fn open() -> Arc<Self> {
        let gate = Self::closed();
        gate.pass(Semaphore::MAX_PERMITS / 2);
        gate
    }

    /// Lets this many handlers through, also later ones.
    pub(crate) fn pass(&self, handlers: usize) {
        self.permits.add_permits(handlers);
    }

    /// A runner whose handlers all wait here.
    pub(crate) fn runner(self: &Arc<Self>) -> Runner<Self> {
        Runner::new(Arc::clone(self))
            .on::<Note>(|job, gate, _| Box::pin(gate.visit(job.text)))
            .on::<Owned>(|job, gate, _| Box::pin(gate.visit(job.text)))
            .on::<Letter>(|job, gate, _| Box::pin(gate.visit(job.text)))
            .on::<Single>(|job, gate, _| Box::pin(gate.visit(job.text)))
            .on::<Patient>(|job, gate, _| Box::pin(gate.visit(job.text)))
            .on::<Traceless>(|job, gate, _| Box::pin(gate.visit(job.text)))
    }

    async fn visit(&self, text: String) -> Result<(), JobError> {
        let mut visit = Visit::begin(self, text);
        self.permits.acquire().await?.forget();
        visit.through = true;
        Ok(())
    }

    /// How many handlers of this owner wait now.
    pub(crate) fn inside(&self, owner: &str) -> usize {
        self.lock().now.get(owner).copied().unwrap_or_default()
    }

    /// The most handlers of this owner that waited at once.
    pub(crate) fn most(&self, owner: &str) -> usize {
        self.lock().most.get(owner).copied().unwrap_or_default()
    }

    pub(crate) async fn until_inside(&self, owner: &str, handlers: usize) {
        let what = format!("{handlers} of {owner:?} are in");
        until(&what, SOON, async || (self.inside(owner) == handlers).then_some(())).await;
    }

    pub(crate) async fn until_started(&self, handlers: usize) {
        let what = format!("{handlers} have started");
        until(&what, SOON, async || (self.started.read().len() >= handlers).then_some(())).await;
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, Inside> {
        self.inside.lock()
    }
}

impl<'a> Visit<'a> {
    fn begin(gate: &'a Gate, text: String) -> Self {
        gate.started.write(text.as_str());
        let mut inside = gate.lock();
        for owner in owners(&text) {
            let now = inside.now.entry(owner.clone()).or_default();
            *now += 1;
            let now = *now;
            let most = inside.most.entry(owner).or_default();
            *most = now.max(*most);
        }
        Self { gate, text, through: false }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if !self.through {
            self.gate.stopped.write(self.text.as_str());
        }
        let mut inside = self.gate.lock();
        for owner in owners(&self.text) {
            *inside.now.entry(owner).or_default() -= 1;
        }
    }
}
