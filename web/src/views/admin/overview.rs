//! The admin overview.

use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin`.
#[derive(Debug, Template)]
#[template(path = "admin/page.html")]
pub struct AdminPage {
    /// Around the page.
    pub chrome: Chrome,
    /// Mail that waits to be sent, if any does.
    pub mail: Option<WaitingMail>,
    /// One row a kind of job, in the order of the queues.
    pub kinds: Vec<JobKind>,
    /// What failed last, newest first: dead jobs, and those waiting for another attempt.
    pub failures: Vec<JobFailure>,
    /// Photos many of whose ratings weigh little, those first where most is missing.
    pub doubtful: Vec<DoubtfulPhoto>,
    /// Worker processes whose heart beats.
    pub workers: Vec<WorkerProcess>,
    /// When the figures were taken.
    pub at: DateTime<Utc>,
    /// The viewer may act.
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

/// Mail that waits: for a worker, or for the mail server.
#[derive(Clone, Debug)]
pub struct WaitingMail {
    /// How many.
    pub count: i64,
    /// How long the oldest has been waiting.
    pub oldest: Duration,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// A photo many of whose ratings weigh little.
#[derive(Clone, Debug)]
pub struct DoubtfulPhoto {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// How many ratings it has.
    pub ratings: i64,
    /// How many ordinary ratings these weigh like.
    pub weight: f64,
    /// How many came through links.
    pub links: i64,
    /// The most that came from one network.
    pub crowd: i64,
    /// When there were new ones last.
    pub at: DateTime<Utc>,
}

/// How many jobs of a kind there are.
#[derive(Clone, Debug)]
pub struct JobKind {
    /// The queue's name.
    pub queue: String,
    /// The kind's name: `media.process.v1`.
    pub kind: String,
    /// Could run now.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Waiting for their time.
    pub scheduled: i64,
    /// Given up.
    pub dead: i64,
    /// How long the oldest ready job has been waiting.
    pub oldest: Option<Duration>,
}

/// A job whose last attempt failed.
#[derive(Clone, Debug)]
pub struct JobFailure {
    /// The job's id.
    pub id: i64,
    /// The kind's name.
    pub kind: String,
    /// The error as the handler told it.
    pub error: String,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i16,
    /// How often it may be.
    pub max_attempts: i16,
    /// It won't be tried again by itself.
    pub dead: bool,
}

/// A worker process.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    /// Host, pid and ULID: unique for each start.
    pub name: String,
    /// Where it runs.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// When it started.
    pub since: DateTime<Utc>,
    /// How many jobs it is running.
    pub running: i64,
    /// How long ago its heart last beat.
    pub beat: Duration,
}
