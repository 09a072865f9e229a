use askama::Template;
use pawdium_shared::operate::Act;

use super::super::{Chrome, filters};
use super::jobs::{JobLine, SearchFields};

/// `GET /admin/jobs/bulk`: what an act on many jobs would do.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/bulk.html")]
pub struct BulkPage {
    /// Around the page.
    pub chrome: Chrome,
    /// What is to be done.
    pub act: Act,
    /// The search that the jobs were found by.
    pub search: SearchFields,
    /// How many jobs it is about, by state; none for states it can't be done in.
    pub states: Vec<BulkState>,
    /// More match than can be acted on at once.
    pub capped: bool,
    /// A few of them, the newest.
    pub jobs: Vec<JobLine>,
    /// The ids of those that are live.
    pub live: String,
    /// The ids of those that have ended.
    pub ended: String,
    /// The search's address.
    pub back: String,
}

/// How many jobs in one state.
#[derive(Clone, Debug)]
pub struct BulkState {
    /// The state's name.
    pub state: &'static str,
    /// How many.
    pub count: i64,
}

impl BulkPage {
    fn count(&self) -> i64 {
        self.states.iter().map(|state| state.count).sum()
    }

    /// What will happen, a sentence or two.
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
