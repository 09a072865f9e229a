use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin/audit`.
#[derive(Debug, Template)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The entries, newest first.
    pub lines: Vec<AuditLine>,
    /// The URL of the next page; `None` on the last page.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub later: bool,
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// When.
    pub at: DateTime<Utc>,
    /// The actor.
    pub actor: String,
    /// The act in words.
    pub did: String,
    /// The details as names and values.
    pub detail: Vec<(String, String)>,
}
