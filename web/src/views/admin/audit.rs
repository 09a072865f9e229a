use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::audit::Action;
use strum::VariantArray as _;

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
    /// The URL of the first page; `None` on that.
    pub newest: Option<String>,
    /// The query with which the same entries are exported.
    pub exported: String,
    /// What is searched for.
    pub search: AuditSearch,
}

/// What is searched for in the audit log.
#[derive(Clone, Debug)]
pub struct AuditSearch {
    /// The name of a person.
    pub actor: String,
    /// A kind of acts.
    pub action: String,
    /// The kind and the id of a thing.
    pub thing: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
    /// Whether the viewer is an admin, who sees all acts; moderators see those about content.
    pub is_admin: bool,
}

impl AuditSearch {
    fn actions(&self) -> impl Iterator<Item = &'static str> {
        let is_admin = self.is_admin;
        Action::VARIANTS
            .iter()
            .filter(move |action| is_admin || action.is_moderation())
            .map(|action| action.as_str())
    }

    fn is_empty(&self) -> bool {
        [&self.actor, &self.action, &self.thing, &self.from, &self.until].iter().all(|text| text.is_empty())
    }
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
