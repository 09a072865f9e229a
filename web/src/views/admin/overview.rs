//! The admin overview.

use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin`.
#[derive(Debug, Template)]
#[template(path = "admin/page.html")]
pub struct AdminPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The mail that waits to be sent, if any.
    pub mail: Option<WaitingMail>,
    /// One row for each kind of job, in the order of the queues.
    pub kinds: Vec<JobKind>,
    /// Recent failures, newest first: dead jobs and jobs waiting for another attempt.
    pub failures: Vec<JobFailure>,
    /// Live worker processes.
    pub workers: Vec<WorkerProcess>,
    /// When the figures were read.
    pub at: DateTime<Utc>,
    /// Whether the viewer can act on jobs.
    pub may_act: bool,
}

impl AdminPage {
    fn total(&self, figure: impl Fn(&JobKind) -> i64) -> i64 {
        self.kinds.iter().map(figure).sum()
    }

    fn ready(&self) -> i64 {
        self.total(|kind| kind.ready)
    }

    fn running(&self) -> i64 {
        self.total(|kind| kind.running)
    }

    fn scheduled(&self) -> i64 {
        self.total(|kind| kind.scheduled)
    }

    fn dead(&self) -> i64 {
        self.total(|kind| kind.dead)
    }
}

/// Mail that waits for a worker or for the mail server.
#[derive(Clone, Debug)]
pub struct WaitingMail {
    /// The number of mails.
    pub count: i64,
    /// The age of the oldest.
    pub oldest: Duration,
    /// The error of the last attempt.
    pub error: Option<String>,
}

/// The counts of a kind of job.
#[derive(Clone, Debug)]
pub struct JobKind {
    /// The queue's name.
    pub queue: String,
    /// The kind's name: `media.process.v1`.
    pub kind: String,
    /// Ready to run.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Scheduled for later.
    pub scheduled: i64,
    /// Dead.
    pub dead: i64,
    /// The age of the oldest ready job.
    pub oldest: Option<Duration>,
}

/// A job whose last attempt failed.
#[derive(Clone, Debug)]
pub struct JobFailure {
    /// The job's id.
    pub id: i64,
    /// The kind's name.
    pub kind: String,
    /// The handler's error.
    pub error: String,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// The attempts so far.
    pub attempts: i16,
    /// The attempts allowed.
    pub max_attempts: i16,
    /// Whether it is dead, without more automatic retries.
    pub dead: bool,
}

/// A worker process.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    /// Host, pid and ULID, unique for each start.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// When it started.
    pub since: DateTime<Utc>,
    /// Jobs that it is running.
    pub running: i64,
    /// The time since its last heartbeat.
    pub beat: Duration,
}
