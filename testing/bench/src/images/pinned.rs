//! Pins work to one processor.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps this thread and the processes it starts on one processor until dropped.
#[derive(Debug)]
pub(crate) struct Pinned {
    before: CpuSet,
    /// The processor's number.
    pub(crate) processor: usize,
}

impl Pinned {
    /// Pins to the last allowed processor: interrupts prefer the first.
    pub(crate) fn to_one() -> Result<Self> {
        let before = sched_getaffinity(None).context("asking for this thread's processors")?;
        let processor = (0..CpuSet::MAX_CPU).rev().find(|&number| before.is_set(number));
        let processor = processor.context("this thread has no allowed processor")?;
        let mut one = CpuSet::new();
        one.set(processor);
        sched_setaffinity(None, &one).context("choosing one processor")?;
        Ok(Self { before, processor })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // Restores the previous set. A failure only makes the rest slower.
        let _ = sched_setaffinity(None, &self.before);
    }
}
