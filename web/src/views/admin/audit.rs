use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin/audit`.
#[derive(Debug, Template)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The newest first.
    pub lines: Vec<AuditLine>,
    /// The address of the next page; none on the last.
    pub older: Option<String>,
    /// This is not the first page.
    pub later: bool,
}

/// One act.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: String,
    /// What was done, in words.
    pub did: String,
    /// To what: names and values.
    pub detail: Vec<(String, String)>,
}
