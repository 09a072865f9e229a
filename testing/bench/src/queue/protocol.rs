//! The protocol between contenders and the driver: a verb in the arguments, one JSON line per event on standard
//! output, and the end of standard input as the request to stop. Contenders in other languages speak it too.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Number of concurrent callers. Each has its own connection if the contender works that way.
pub(crate) const CALLERS: u32 = 64;

/// Nanoseconds of `CLOCK_MONOTONIC`, which all processes of a machine share (`clock_gettime(2)`).
pub(crate) fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// A command for a contender, each in its own process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    /// Create the schema, if there is one.
    Prepare,
    /// Enqueue this many sequentially, after a twentieth of them to warm up.
    EnqueueSingly(u64),
    /// Enqueue this many one by one from [`CALLERS`] concurrent callers, after a twentieth of them to warm up.
    EnqueueAtOnce(u64),
    /// Enqueue this many with the best bulk call.
    EnqueueBulk(u64),
    /// Run a worker that counts, and reports when it has handled this many.
    Work(u64),
    /// Run a worker that reports each start of a handler.
    Announce,
    /// Enqueue one job for each line of standard input.
    Dispatch,
}

impl Verb {
    /// Parses a verb and its number.
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

/// An event; `at` is [`now`] when it happened.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Said {
    /// The schema exists.
    Prepared,
    /// The jobs are enqueued.
    Took {
        /// Seconds without startup, connecting and warm-up.
        seconds: f64,
    },
    /// The worker is connected and starts to claim.
    Claiming {
        /// Just before the first claim.
        at: i64,
    },
    /// The requested number of jobs is handled.
    Handled {
        /// The number of jobs.
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
        /// Taken first in the handler.
        at: i64,
    },
    /// The worker has stopped gracefully.
    Stopped {
        /// Total number of handled jobs.
        jobs: u64,
    },
}

impl Said {
    /// Writes and flushes the line.
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

/// The benchmark's handler: it counts, or reports each start.
#[derive(Debug)]
pub(crate) struct Tally {
    handled: AtomicU64,
    expected: Option<u64>,
}

impl Tally {
    /// Counts up to the verb's number, or reports each job.
    pub(crate) fn of(verb: Verb) -> Self {
        let expected = if let Verb::Work(jobs) = verb { Some(jobs) } else { None };
        Self { handled: AtomicU64::new(0), expected }
    }

    /// The whole work of a handler.
    pub(crate) fn handle(&self, job: u64) {
        if self.expected.is_none() {
            Said::Started { job, at: now() }.say();
        }
        let jobs = self.handled.fetch_add(1, Ordering::Relaxed) + 1;
        if self.expected == Some(jobs) {
            Said::Handled { jobs }.say();
        }
    }

    /// Number of jobs handled so far.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Relaxed)
    }
}
