use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::operate::Act;

use super::super::{Chrome, Fragment, filters};
use super::jobs::badge;

/// `GET /admin/jobs/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/job.html")]
pub struct JobPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The job's id.
    pub id: i64,
    /// The kind's name.
    pub kind: String,
    /// The rendered [`JobStatus`].
    pub status: Fragment,
    /// The facts that never change.
    pub facts: JobFacts,
    /// The payload as indented JSON.
    pub payload: String,
    /// Whether addresses in the payload are masked for this viewer.
    pub masked: bool,
}

/// `GET /admin/jobs/{id}` for a job that doesn't exist.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/gone.html")]
pub struct JobGonePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The requested id.
    pub id: i64,
}

/// The status of a job. `GET /admin/jobs/{id}/status` returns only this part.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/_status.html")]
pub struct JobStatus {
    /// The job's id.
    pub id: i64,
    /// `scheduled`, `ready`, `running`, `done`, `dead` or `cancelled`.
    pub state: &'static str,
    /// Whether the job is live, so that the page updates.
    pub live: bool,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// A sentence that says why it is not done yet or how it ended.
    pub why: String,
    /// The timeline, oldest first.
    pub timeline: Vec<Point>,
    /// The acts that the viewer can do.
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
    /// When it happened or is due.
    pub at: DateTime<Utc>,
    /// The duration in milliseconds.
    pub ms: Option<f64>,
    /// The worker that ran it.
    pub worker: Option<String>,
    /// The full error.
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

/// The facts of a job that never change.
#[derive(Clone, Debug)]
pub struct JobFacts {
    /// The queue's name.
    pub queue: String,
    /// The priority. Lower numbers run first.
    pub priority: i16,
    /// The subject in words, and the URL of its page if there is one.
    pub subject: Option<(String, Option<String>)>,
    /// The partition of the queue.
    pub partition: Option<String>,
    /// The key that makes it unique among live jobs of its kind.
    pub unique_key: Option<String>,
    /// The group that waits for it.
    pub group: Option<i64>,
    /// Until when it is kept.
    pub kept_until: Option<DateTime<Utc>>,
}
