//! The form of a report, and one's own reports.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::moderation::Outcome;

use super::{Chrome, Field, filters};

/// The form with which a member reports something.
#[derive(Debug, Template)]
#[template(path = "reports/form.html")]
pub struct ReportPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What is reported: photo, comment, talk, hub or member.
    pub what: &'static str,
    /// Its title or name.
    pub title: String,
    /// The path of its page.
    pub path: String,
    /// What may be wrong with it.
    pub categories: Vec<CategoryChoice>,
    /// Why the chosen category, or the report as a whole, was refused.
    pub category_error: Option<String>,
    /// What the member writes.
    pub text: Field,
}

/// A category to choose.
#[derive(Clone, Debug)]
pub struct CategoryChoice {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it means.
    pub hint: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// `GET /reports`
#[derive(Debug, Template)]
#[template(path = "reports/own.html")]
pub struct OwnReportsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The reports, newest first.
    pub lines: Vec<OwnReportLine>,
    /// The URL of the next page; `None` on the last page.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub later: bool,
}

/// One of the viewer's reports.
#[derive(Clone, Debug)]
pub struct OwnReportLine {
    /// What was reported.
    pub what: &'static str,
    /// The path of its page; `None` if it may be gone.
    pub path: Option<String>,
    /// What was wrong.
    pub category: &'static str,
    /// When it was filed.
    pub at: DateTime<Utc>,
    /// What came of it; `None` while it is open.
    pub outcome: Option<Outcome>,
}
