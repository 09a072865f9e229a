//! How many jobs of a queue a process holds: those that run, and some that are claimed ahead of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A process claims as many ahead as end in so long at the pace of the moment. It is a few claims' worth of waiting for the
/// database, and no time for a job to wait for a process that could have gone to another.
const SPAN: Duration = Duration::from_millis(25);

/// How many jobs of a queue a process holds.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// How many run at once.
    pub concurrency: usize,
    /// How many more are claimed ahead at any pace: 0 for long jobs, so that idle processes find them.
    pub prefetch: usize,
    /// The most that are claimed ahead while jobs end so fast that they would run out before the next claim.
    pub burst: usize,
}

impl Capacity {
    /// The [`burst`](Self::burst) that keeps up with jobs that take no time.
    pub const BURST: usize = 2000;
}

/// A process's slots for one queue. One loop claims for them; jobs leave them when they are through.
#[derive(Debug)]
pub(super) struct Slots {
    capacity: Capacity,
    state: Mutex<State>,
    left: Notify,
}

#[derive(Debug)]
struct State {
    held: usize,
    pace: Pace,
}

/// A job's slot, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Slots>);

impl Slots {
    pub(super) fn new(capacity: Capacity) -> Arc<Self> {
        let state = State { held: 0, pace: Pace::new(Instant::now()) };
        Arc::new(Self { capacity, state: Mutex::new(state), left: Notify::new() })
    }

    /// Waits until there is room, and says for how many jobs.
    pub(super) async fn room(&self) -> usize {
        loop {
            let room = self.state().room(self.capacity, Instant::now());
            if room > 0 {
                return room;
            }
            self.left.notified().await;
        }
    }

    /// Takes one, also where there is no room: a job that is claimed has to be held.
    pub(super) fn take(self: &Arc<Self>) -> Slot {
        self.state().held += 1;
        Slot(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.held -= 1;
        state.pace.count(Instant::now());
        drop(state);
        self.0.left.notify_one();
    }
}

impl State {
    /// For how many jobs there is room; none until a quarter of those ahead are missing, because a claim for a few costs
    /// Postgres nearly as much as one for many.
    fn room(&mut self, capacity: Capacity, now: Instant) -> usize {
        let ahead = self.pace.in_a_span(now).min(capacity.burst).max(capacity.prefetch);
        let room = (capacity.concurrency + ahead).saturating_sub(self.held);
        if room >= ahead / 4 { room } else { 0 }
    }
}

/// How many jobs end in a span: in the last whole one, or in the present one when those are more already.
#[derive(Debug)]
struct Pace {
    since: Instant,
    present: usize,
    last: usize,
}

impl Pace {
    const fn new(now: Instant) -> Self {
        Self { since: now, present: 0, last: 0 }
    }

    fn count(&mut self, now: Instant) {
        self.turn(now);
        self.present += 1;
    }

    fn in_a_span(&mut self, now: Instant) -> usize {
        self.turn(now);
        self.present.max(self.last)
    }

    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed < SPAN {
            return;
        }
        let adjoins = passed < 2 * SPAN;
        self.last = if adjoins { self.present } else { 0 };
        self.present = 0;
        self.since = if adjoins { self.since + SPAN } else { now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: Capacity = Capacity { concurrency: 4, prefetch: 0, burst: 10 };

    fn state(begin: Instant) -> State {
        State { held: 0, pace: Pace::new(begin) }
    }

    #[test]
    fn slow_jobs_are_claimed_when_one_can_run() {
        let begin = Instant::now();
        let mut state = state(begin);
        assert_eq!(state.room(CAPACITY, begin), 4);
        state.held = 4;
        // One ended a while ago and nothing since.
        state.pace.count(begin);
        assert_eq!(state.room(CAPACITY, begin + Duration::from_millis(60)), 0);
        assert_eq!(state.room(Capacity { prefetch: 3, ..CAPACITY }, begin + Duration::from_millis(60)), 3);
    }

    #[test]
    fn as_many_are_claimed_ahead_as_end_in_a_span_and_no_more_than_the_burst() {
        let begin = Instant::now();
        let mut state = state(begin);
        state.held = 4;
        (0..6).for_each(|_| state.pace.count(begin));
        assert_eq!(state.room(CAPACITY, begin), 6);
        assert_eq!(state.room(CAPACITY, begin + SPAN), 6, "the last span's pace still counts");
        (0..100).for_each(|_| state.pace.count(begin + SPAN));
        assert_eq!(state.room(CAPACITY, begin + SPAN), 10);
        state.held = 12;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 2);
        state.held = 13;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 0, "one is not worth a claim");
        state.held = 50;
        assert_eq!(state.room(CAPACITY, begin + SPAN), 0);
    }

    #[tokio::test]
    async fn a_slot_that_is_left_is_room_for_whoever_waits() {
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
