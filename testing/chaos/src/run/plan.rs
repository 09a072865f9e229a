//! What breaks, and in which order.

use std::fmt;
use std::time::Duration;

use pawdium_queue::Queue;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::sessions::Use;
use pawdium_shared::queues;

/// How many workers are killed for each time that everything else breaks.
const KILLS: usize = 9;

/// Something that breaks. What breaks for a while says for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGKILL of a worker, which starts again under its own or another name.
    KillWorker {
        renamed: bool,
    },
    /// SIGSTOP of a worker until after its lease, then SIGCONT.
    FreezeWorker {
        time: Duration,
    },
    /// SIGTERM of a worker.
    TerminateWorker,
    KillEnqueuer,
    KillScheduler,
    /// A scheduler starts anew with a clock that is wrong by so many hours.
    ShiftClock {
        hours: i64,
    },
    /// Postgres ends at once, and is away.
    CrashPostgres {
        time: Duration,
    },
    /// Postgres ends one session of a worker.
    EndSession {
        of: Use,
    },
    /// An admin calls some jobs off, running ones too.
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
    /// 20 ms to the database and back.
    Delay {
        time: Duration,
    },
    /// No byte gets through to the database or back, and no connection ends.
    Silence {
        time: Duration,
    },
    /// The same for connections that listen.
    SilenceListeners {
        time: Duration,
    },
    /// Every connection to the database ends, and none is made.
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
            Self::TerminateWorker => write!(f, "a worker told to end"),
            Self::KillEnqueuer => write!(f, "kill -9 of an enqueuer"),
            Self::KillScheduler => write!(f, "kill -9 of a scheduler"),
            Self::ShiftClock { hours } => write!(f, "a scheduler's clock wrong by {hours:+} h"),
            Self::CrashPostgres { time } => write!(f, "Postgres crashed and away for {time:.1?}"),
            Self::EndSession { of } => write!(f, "a worker's session ended: {of:?}"),
            Self::Cancel => write!(f, "some jobs called off"),
            Self::Pause { queue, time } => write!(f, "queue {queue} paused for {time:.1?}"),
            Self::Abort => write!(f, "a job that aborts its worker"),
            Self::Bloat => write!(f, "a job that takes all memory"),
            Self::Delay { time } => write!(f, "20 ms to the database for {time:.1?}"),
            Self::Silence { time } => write!(f, "silence from the database for {time:.1?}"),
            Self::SilenceListeners { time } => write!(f, "listeners deaf for {time:.1?}"),
            Self::Cut { time } => write!(f, "cut off from the database for {time:.1?}"),
        }
    }
}

/// Faults in the order of a shuffled deck, so that each sort comes before any comes again.
#[derive(Debug)]
pub(super) struct Deck {
    random: ChaCha8Rng,
    left: Vec<Fault>,
}

impl Deck {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), left: Vec::new() }
    }

    /// The next fault, and how long to wait before it.
    pub(super) fn draw(&mut self) -> (Duration, Fault) {
        let gap = self.time(0.5..3.0);
        loop {
            if let Some(fault) = self.left.pop() {
                return (gap, fault);
            }
            self.left = self.shuffled();
        }
    }

    /// One of these, if there is any.
    pub(super) fn one_of(&mut self, posts: &[usize]) -> Option<usize> {
        posts.choose(&mut self.random).copied()
    }

    fn time(&mut self, seconds: std::ops::Range<f64>) -> Duration {
        Duration::from_secs_f64(self.random.random_range(seconds))
    }

    fn shuffled(&mut self) -> Vec<Fault> {
        let queue = [queues::CACHE, queues::MAIL, queues::RANKING][self.random.random_range(0..3)];
        let hours = if self.random.random() { 1 } else { -1 };
        let mut deck = vec![
            // Beyond the lease, which is 15 s and a heartbeat.
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
        // Every few seconds, whatever else breaks.
        deck.extend((0..KILLS).map(|kill| Fault::KillWorker { renamed: kill % 3 == 0 }));
        deck.extend(Use::ALL.map(|of| Fault::EndSession { of }));
        deck.shuffle(&mut self.random);
        deck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_everything() {
        let draw = |seed| {
            let mut deck = Deck::new(seed);
            (0..100).map(|_| (deck.draw(), deck.one_of(&[0, 1, 2]))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
