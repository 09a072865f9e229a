//! Work on one processor alone.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps this thread, and the processes that it starts meanwhile, on one processor until it is dropped.
#[derive(Debug)]
pub(crate) struct Pinned {
    before: CpuSet,
    /// The processor's number.
    pub(crate) processor: usize,
}

impl Pinned {
    /// On the last one that this thread may use: interrupts prefer the first.
    pub(crate) fn to_one() -> Result<Self> {
        let before = sched_getaffinity(None).context("asking for this thread's processors")?;
        let processor = (0..CpuSet::MAX_CPU).rev().find(|&number| before.is_set(number));
        let processor = processor.context("this thread may use no processor")?;
        let mut one = CpuSet::new();
        one.set(processor);
        sched_setaffinity(None, &one).context("choosing one processor")?;
        Ok(Self { before, processor })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // What was allowed before is allowed again; else the rest takes longer, no more.
        let _ = sched_setaffinity(None, &self.before);
    }
}
