use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::operate::Act;
use strum::VariantArray as _;

use super::super::{Chrome, Field, filters};

/// `GET /admin/jobs`.
#[derive(Debug, Template)]
#[template(path = "admin/jobs/page.html")]
pub struct JobsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The search.
    pub search: SearchFields,
    /// Dead jobs grouped by error, on the page without a search.
    pub errors: Vec<ErrorLine>,
    /// The jobs, newest first.
    pub jobs: Vec<JobLine>,
    /// The URL of the next page; `None` on the last page.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub later: bool,
    /// Whether the viewer can act on jobs.
    pub may_act: bool,
}

/// The search form.
#[derive(Clone, Debug, Default)]
pub struct SearchFields {
    /// A job's id.
    pub id: Field,
    /// A state's name, or nothing.
    pub state: Field,
    /// A kind's name, or nothing.
    pub kind: Field,
    /// A member's name or id.
    pub member: Field,
    /// A photo's id.
    pub photo: Field,
    /// Part of the last error.
    pub error: Field,
    /// A group of errors, when one was chosen.
    pub group: String,
    /// All kinds to choose from.
    pub kinds: Vec<String>,
}

impl SearchFields {
    /// The states to choose from.
    const STATES: [&'static str; 6] = ["scheduled", "ready", "running", "done", "dead", "cancelled"];

    /// The fields with a value, as names and values of the query.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("id", self.id.value.as_str()),
            ("state", &self.state.value),
            ("kind", &self.kind.value),
            ("member", &self.member.value),
            ("photo", &self.photo.value),
            ("error", &self.error.value),
            ("group", &self.group),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The URL of the search's first page.
    #[must_use]
    pub fn address(&self) -> String {
        self.address_with(&[])
    }

    /// The URL of the search with more query parameters.
    #[must_use]
    pub fn address_with(&self, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs()).extend_pairs(more);
        let query = query.finish();
        if query.is_empty() { "/admin/jobs".to_owned() } else { format!("/admin/jobs?{query}") }
    }

    fn is_empty(&self) -> bool {
        self.pairs().is_empty()
    }

    fn is_refused(&self) -> bool {
        [&self.id, &self.state, &self.kind, &self.member, &self.photo, &self.error]
            .iter()
            .any(|field| field.error.is_some())
    }
}

/// Dead jobs with the same error.
#[derive(Clone, Debug)]
pub struct ErrorLine {
    /// The kind's name.
    pub kind: String,
    /// The error, with `#` for numbers.
    pub error: String,
    /// The number of jobs.
    pub count: i64,
    /// When the newest of them ended.
    pub last: DateTime<Utc>,
    /// The URL of the search for them; `None` if it would reveal what is masked.
    pub address: Option<String>,
}

/// One job in the list.
#[derive(Clone, Debug)]
pub struct JobLine {
    /// The job's id.
    pub id: i64,
    /// The kind's name.
    pub kind: String,
    /// `scheduled`, `ready`, `running`, `done`, `dead` or `cancelled`.
    pub state: &'static str,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// The subject in words, such as `photo 12`.
    pub subject: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it is due or ended; `None` for other states.
    pub at: Option<DateTime<Utc>>,
    /// The last error.
    pub error: Option<String>,
    /// The acts that the viewer can do.
    pub acts: Vec<Act>,
}

impl JobLine {
    pub(super) fn badge(&self) -> &'static str {
        badge(self.state)
    }
}

/// The CSS class of a state's badge.
pub(super) fn badge(state: &str) -> &'static str {
    match state {
        "running" => "busy",
        "scheduled" => "processing",
        "done" => "live",
        "dead" => "failed",
        _ => "",
    }
}
