//! How many jobs of a queue a process claims: those that run, and some that it prefetches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// A process prefetches as many jobs as end in this time at the current pace. It is as long as a few round trips to the
/// database, and too short for a job to miss a free slot in another process.
const SPAN: Duration = Duration::from_millis(25);

/// How many jobs of a queue a process claims.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// The most jobs that run at once.
    pub concurrency: usize,
    /// How many jobs are prefetched at any pace. Use 0 for long jobs, so that idle processes can claim them.
    pub prefetch: usize,
    /// The most jobs that are prefetched at a fast pace.
    pub burst: usize,
}

impl Capacity {
    /// A [`burst`](Self::burst) that keeps up with jobs that take no time.
    pub const BURST: usize = 2000;
}

/// A process's slots for one queue. One loop claims jobs for them, and a job leaves its slot when it has ended.
#[derive(Debug)]
pub(super) struct Slots {
    capacity: Capacity,
    state: Mutex<Occupancy>,
    freed: Notify,
}

#[derive(Debug)]
struct Occupancy {
    taken: usize,
    pace: Pace,
}

/// A job's slot. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct Slot(Arc<Slots>);

impl Slots {
    pub(super) fn new(capacity: Capacity) -> Arc<Self> {
        let state = Occupancy { taken: 0, pace: Pace::new(Instant::now()) };
        Arc::new(Self { capacity, state: Mutex::new(state), freed: Notify::new() })
    }

    /// Waits until there is room, and returns the number of jobs to claim.
    pub(super) async fn room(&self) -> usize {
        loop {
            let room = self.state().room(self.capacity, Instant::now());
            if room > 0 {
                return room;
            }
            self.freed.notified().await;
        }
    }

    /// Takes a slot. There may be more claimed jobs than room, so this never fails.
    pub(super) fn take(self: &Arc<Self>) -> Slot {
        self.state().taken += 1;
        Slot(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, Occupancy> {
        self.state.lock()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.taken -= 1;
        state.pace.count(Instant::now());
        drop(state);
        self.0.freed.notify_one();
    }
}

impl Occupancy {
    /// The number of jobs to claim; 0 until a quarter of the prefetched ones are missing, because claiming a few jobs costs
    /// Postgres nearly as much as claiming many.
    fn room(&mut self, capacity: Capacity, now: Instant) -> usize {
        let ahead = self.pace.in_a_span(now).min(capacity.burst).max(capacity.prefetch);
        let room = (capacity.concurrency + ahead).saturating_sub(self.taken);
        if room >= ahead / 4 { room } else { 0 }
    }
}

/// The number of jobs that end in a span: in the last whole one, or in the current one if it has more already.
#[derive(Debug)]
struct Pace {
    since: Instant,
    current: usize,
    last: usize,
}

impl Pace {
    const fn new(now: Instant) -> Self {
        Self { since: now, current: 0, last: 0 }
    }

    fn count(&mut self, now: Instant) {
        self.turn(now);
        self.current += 1;
    }

    fn in_a_span(&mut self, now: Instant) -> usize {
        self.turn(now);
        self.current.max(self.last)
    }

    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed < SPAN {
            return;
        }
        let adjoins = passed < 2 * SPAN;
        self.last = if adjoins { self.current } else { 0 };
        self.current = 0;
        self.since = if adjoins { self.since + SPAN } else { now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: Capacity = Capacity { concurrency: 4, prefetch: 0, burst: 10 };

    fn state(begin: Instant) -> Occupancy {
        Occupancy { taken: 0, pace: Pace::new(begin) }
    }

    #[test]
    fn slow_jobs_are_claimed_when_one_can_run() {
        let begin = Instant::now();
        let mut state = state(begin);
        assert_eq!(state.room(CAPACITY, begin), 4);
        state.taken = 4;
        // The last job ended a while ago.
        state.pace.count(begin);
        assert_eq!(state.room(CAPACITY, begin + Duration::from_millis(60)), 0);
        assert_eq!(state.room(Capacity { prefetch: 3, ..CAPACITY }, begin + Duration::from_millis(60)), 3);
    }

    #[test]
    fn as_many_are_prefetched_as_end_in_a_span_up_to_the_burst() {
        let begin = Instant::now();
        let mut state = state(begin);
        state.taken = 4;
        (0..6).for_each(|_| state.pace.count(begin));
        assert_eq!(state.room(CAPACITY, begin), 6);
        assert_eq!(state.room(CAPACITY, begin + SPAN), 6, "the last span's pace still counts");
        (0..100).for_each(|_| state.pace.count(begin + SPAN));
        assert_eq!(state.room(CAPACITY, begin + SPAN), 10);
        state.taken = 12;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 2);
        state.taken = 13;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 0, "a single job is not worth a claim");
        state.taken = 50;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 0);
    }

    #[tokio::test]
    async fn a_freed_slot_ends_the_wait_for_room() {
        let slots = Slots::new(Capacity { concurrency: 1, prefetch: 0, burst: 0 });
        assert_eq!(slots.room().await, 1);
        let slot = slots.take();
        let waiting = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(slot);
        assert_eq!(waiting.await.expect("no panic"), 1);
    }
}
