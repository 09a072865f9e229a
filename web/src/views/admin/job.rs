use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::operate::Act;

use super::super::{Chrome, Fragment, filters};
use super::jobs::badge;

/// `GET /admin/jobs/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/job.html")]
pub struct JobPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The job's id.
    pub id: i64,
    /// The kind's name.
    pub kind: String,
    /// The rendered [`JobStatus`].
    pub status: Fragment,
    /// What doesn't change.
    pub facts: JobFacts,
    /// What it was given, as indented JSON.
    pub payload: String,
    /// Something in it is not shown to this viewer.
    pub masked: bool,
}

/// `GET /admin/jobs/{id}` of a job that is not there.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/gone.html")]
pub struct JobGonePage {
    /// Around the page.
    pub chrome: Chrome,
    /// The id that was asked for.
    pub id: i64,
}

/// Where a job stands; `GET /admin/jobs/{id}/status` answers with this part alone.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/_status.html")]
pub struct JobStatus {
    /// The job's id.
    pub id: i64,
    /// `scheduled`, `ready`, `running`, `done`, `dead` or `cancelled`.
    pub state: &'static str,
    /// It is still to be done: the page follows along.
    pub live: bool,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// Why it is not done yet, or how it ended: a sentence.
    pub why: String,
    /// What happened, the oldest first.
    pub timeline: Vec<Point>,
    /// What the viewer can do to it.
    pub acts: Vec<Act>,
}

impl JobStatus {
    fn badge(&self) -> &'static str {
        badge(self.state)
    }
}

/// A point of the timeline.
#[derive(Clone, Debug)]
pub struct Point {
    /// How it looks.
    pub kind: PointKind,
    /// What happened.
    pub label: String,
    /// When, or when it is due.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub ms: Option<f64>,
    /// The worker that did it.
    pub worker: Option<String>,
    /// What went wrong, whole.
    pub error: Option<String>,
}

/// How a point of the timeline looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    /// It happened.
    Done,
    /// It went wrong.
    Failed,
    /// It is happening.
    Current,
    /// It is to come.
    Waiting,
}

impl PointKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Current => "current",
            Self::Waiting => "waiting",
        }
    }
}

/// What doesn't change about a job while it lives.
#[derive(Clone, Debug)]
pub struct JobFacts {
    /// The queue's name.
    pub queue: String,
    /// Lower runs first.
    pub priority: i16,
    /// What it is about: words, and an address where there is a page of it.
    pub subject: Option<(String, Option<String>)>,
    /// Its partition of the queue.
    pub partition: Option<String>,
    /// Keeps a second one of its kind away.
    pub unique_key: Option<String>,
    /// The group that waits for it.
    pub group: Option<i64>,
    /// Until when it is remembered.
    pub kept_until: Option<DateTime<Utc>>,
}
