//! What a contender and the driver say to each other: a verb in the arguments, one JSON line for each thing that happened
//! on standard output, and the end of standard input as the word to stop. Contenders in other languages say the same.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// How many callers enqueue at the same time. Each has a connection of its own if the contender works that way.
pub(crate) const CALLERS: u32 = 64;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of one machine share (`clock_gettime(2)`).
pub(crate) fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What a contender is asked to do, each time in a process of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    /// Make the schema, where there is one.
    Prepare,
    /// Enqueue so many one after the other, after a twentieth of them to warm up.
    EnqueueSingly(u64),
    /// Enqueue so many one by one by [`CALLERS`] at the same time, after a twentieth of them to warm up.
    EnqueueAtOnce(u64),
    /// Enqueue so many by the best bulk call there is.
    EnqueueBulk(u64),
    /// Run a worker that counts, and says when it has handled so many.
    Work(u64),
    /// Run a worker that says each start of a handler.
    Announce,
    /// Enqueue one job for each line of standard input.
    Dispatch,
}

impl Verb {
    /// Reads a verb and its number, as the driver writes them.
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let verb = arguments.next()?;
        let number = arguments.next().and_then(|number| number.parse().ok());
        Some(match (verb.as_str(), number) {
            ("prepare", None) => Self::Prepare,
            ("enqueue-singly", Some(jobs)) => Self::EnqueueSingly(jobs),
            ("enqueue-at-once", Some(jobs)) => Self::EnqueueAtOnce(jobs),
            ("enqueue-bulk", Some(jobs)) => Self::EnqueueBulk(jobs),
            ("work", Some(jobs)) => Self::Work(jobs),
            ("announce", None) => Self::Announce,
            ("dispatch", None) => Self::Dispatch,
            _ => return None,
        })
    }
}

/// Something that happened; `at` is [`now`] when it did.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Said {
    /// The schema is there.
    Prepared,
    /// The jobs are enqueued.
    Took {
        /// Without start, connecting and warming up.
        seconds: f64,
    },
    /// The worker is up and connected, and claims from now on.
    Claiming {
        /// Just before the first claim.
        at: i64,
    },
    /// As many jobs as were asked for are handled.
    Handled {
        /// How many.
        jobs: u64,
    },
    /// One job is enqueued and committed.
    Enqueued {
        /// Its number, from 0.
        job: u64,
        /// When the call returned.
        at: i64,
    },
    /// A handler has started.
    Started {
        /// The job's number.
        job: u64,
        /// The first thing that the handler looked at.
        at: i64,
    },
    /// The worker has stopped in order.
    Stopped {
        /// How many jobs were handled in all.
        jobs: u64,
    },
}

impl Said {
    /// Writes the line at once.
    ///
    /// # Panics
    /// When the driver is gone.
    pub(crate) fn say(self) {
        let mut line = serde_json::to_string(&self).expect("plain fields are JSON");
        line.push('\n');
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the driver listens");
    }
}

/// What the handler of the benchmark does: counting, or saying that it has started.
#[derive(Debug)]
pub(crate) struct Tally {
    handled: AtomicU64,
    expected: Option<u64>,
}

impl Tally {
    /// Counts up to what the verb expects, or announces each job.
    pub(crate) fn of(verb: Verb) -> Self {
        let expected = if let Verb::Work(jobs) = verb { Some(jobs) } else { None };
        Self { handled: AtomicU64::new(0), expected }
    }

    /// The handler's whole work.
    pub(crate) fn handle(&self, job: u64) {
        if self.expected.is_none() {
            Said::Started { job, at: now() }.say();
        }
        let jobs = self.handled.fetch_add(1, Ordering::Relaxed) + 1;
        if self.expected == Some(jobs) {
            Said::Handled { jobs }.say();
        }
    }

    /// How many were handled until now.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Relaxed)
    }
}
