use askama::Template;
use pawdium_shared::operate::Act;

use super::super::{Chrome, filters};
use super::jobs::{JobLine, SearchFields};

/// `GET /admin/jobs/bulk`: the preview of an act on many jobs.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/bulk.html")]
pub struct BulkPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The act.
    pub act: Act,
    /// The search that found the jobs.
    pub search: SearchFields,
    /// The number of jobs by state, without states in which the act is impossible.
    pub states: Vec<BulkState>,
    /// Whether more jobs match than one act allows.
    pub capped: bool,
    /// The newest of the jobs.
    pub jobs: Vec<JobLine>,
    /// The ids of the live jobs.
    pub live: String,
    /// The ids of the ended jobs.
    pub ended: String,
    /// The URL of the search.
    pub back: String,
}

/// The number of jobs in one state.
#[derive(Clone, Debug)]
pub struct BulkState {
    /// The state's name.
    pub state: &'static str,
    /// The number of jobs.
    pub count: i64,
}

impl BulkPage {
    fn count(&self) -> i64 {
        self.states.iter().map(|state| state.count).sum()
    }

    /// What the act does, in one or two sentences.
    fn consequence(&self) -> &'static str {
        match self.act {
            Act::Retry => {
                "Dead and cancelled jobs start over with all their attempts, and scheduled jobs run now. A job is skipped \
                 if another one with the same key is already queued."
            }
            Act::Cancel => "Waiting jobs will not start, and running jobs are stopped at once.",
            Act::Delete => {
                "Deleted jobs leave no trace in the history, and waiting ones are never run. Jobs that are running by then \
                 are skipped."
            }
        }
    }
}
