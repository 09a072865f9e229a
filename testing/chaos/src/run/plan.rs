//! The faults of a run, and their order.

use std::fmt;
use std::time::Duration;

use pawdium_queue::Queue;
use pawdium_shared::queues;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::sessions::Use;

/// How many workers are killed in each round of faults.
const KILLS: usize = 9;

/// A fault. Some last for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGKILL for a worker, which starts again under its own or another name.
    KillWorker {
        renamed: bool,
    },
    /// SIGSTOP for a worker until its lease has ended, then SIGCONT.
    FreezeWorker {
        time: Duration,
    },
    /// SIGTERM for a worker.
    TerminateWorker,
    KillEnqueuer,
    KillScheduler,
    /// A scheduler restarts with a clock that is wrong by this many hours.
    ShiftClock {
        hours: i64,
    },
    /// Postgres crashes, and stays away for a while.
    CrashPostgres {
        time: Duration,
    },
    /// Postgres ends one session of a worker.
    EndSession {
        of: Use,
    },
    /// An admin cancels some jobs, also running ones.
    Cancel,
    /// An admin pauses a queue.
    Pause {
        queue: Queue,
        time: Duration,
    },
    /// A job that aborts its worker.
    Abort,
    /// A job that takes all of its worker's memory.
    Bloat,
    /// A round trip to the database takes 20 ms.
    Delay {
        time: Duration,
    },
    /// No data gets to the database or back, but no connection ends.
    Silence {
        time: Duration,
    },
    /// The same for listening connections only.
    SilenceListeners {
        time: Duration,
    },
    /// All connections to the database end, and no new one is possible.
    Cut {
        time: Duration,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillWorker { renamed: false } => write!(f, "kill -9 of a worker"),
            Self::KillWorker { renamed: true } => write!(f, "kill -9 of a worker, back under another name"),
            Self::FreezeWorker { time } => write!(f, "a worker stopped for {time:.1?}"),
            Self::TerminateWorker => write!(f, "SIGTERM for a worker"),
            Self::KillEnqueuer => write!(f, "kill -9 of an enqueuer"),
            Self::KillScheduler => write!(f, "kill -9 of a scheduler"),
            Self::ShiftClock { hours } => write!(f, "a scheduler's clock wrong by {hours:+} h"),
            Self::CrashPostgres { time } => write!(f, "Postgres crashed and away for {time:.1?}"),
            Self::EndSession { of } => write!(f, "a worker's session ended: {of:?}"),
            Self::Cancel => write!(f, "some jobs cancelled"),
            Self::Pause { queue, time } => write!(f, "queue {queue} paused for {time:.1?}"),
            Self::Abort => write!(f, "a job that aborts its worker"),
            Self::Bloat => write!(f, "a job that takes all memory"),
            Self::Delay { time } => write!(f, "20 ms to the database for {time:.1?}"),
            Self::Silence { time } => write!(f, "silence from the database for {time:.1?}"),
            Self::SilenceListeners { time } => write!(f, "silence for listeners for {time:.1?}"),
            Self::Cut { time } => write!(f, "cut off from the database for {time:.1?}"),
        }
    }
}

/// A random order of faults in which each sort comes once before any comes again.
#[derive(Debug)]
pub(super) struct FaultSchedule {
    random: ChaCha8Rng,
    left: Vec<Fault>,
}

impl FaultSchedule {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), left: Vec::new() }
    }

    /// The next fault, and how long to wait before it.
    pub(super) fn next_fault(&mut self) -> (Duration, Fault) {
        let gap = self.time(0.5..3.0);
        loop {
            if let Some(fault) = self.left.pop() {
                return (gap, fault);
            }
            self.left = self.shuffled();
        }
    }

    /// A random one of these, if there is any.
    pub(super) fn one_of(&mut self, members: &[usize]) -> Option<usize> {
        members.choose(&mut self.random).copied()
    }

    fn time(&mut self, seconds: std::ops::Range<f64>) -> Duration {
        Duration::from_secs_f64(self.random.random_range(seconds))
    }

    fn shuffled(&mut self) -> Vec<Fault> {
        let queue = [queues::CACHE, queues::MAIL, queues::RANKING][self.random.random_range(0..3)];
        let hours = if self.random.random() { 1 } else { -1 };
        let mut schedule = vec![
            // Longer than the lease, which is 15 s and a heartbeat.
            Fault::FreezeWorker { time: self.time(19.0..24.0) },
            Fault::TerminateWorker,
            Fault::KillEnqueuer,
            Fault::KillScheduler,
            Fault::ShiftClock { hours },
            Fault::CrashPostgres { time: self.time(0.0..4.0) },
            Fault::Cancel,
            Fault::Pause { queue, time: self.time(2.0..8.0) },
            Fault::Abort,
            Fault::Bloat,
            Fault::Delay { time: self.time(4.0..10.0) },
            Fault::Silence { time: self.time(2.0..22.0) },
            Fault::SilenceListeners { time: self.time(5.0..15.0) },
            Fault::Cut { time: self.time(1.0..6.0) },
        ];
        // Every few seconds, beside the other faults.
        schedule.extend((0..KILLS).map(|kill| Fault::KillWorker { renamed: kill % 3 == 0 }));
        schedule.extend(Use::ALL.map(|of| Fault::EndSession { of }));
        schedule.shuffle(&mut self.random);
        schedule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_everything() {
        let draw = |seed| {
            let mut schedule = FaultSchedule::new(seed);
            (0..100).map(|_| (schedule.next_fault(), schedule.one_of(&[0, 1, 2]))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
