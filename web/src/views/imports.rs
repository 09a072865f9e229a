//! A member's imports.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::imports::{FileState, Import, ImportFile, ImportState};
use pawdium_shared::photos::Species;
use strum::VariantArray as _;

use super::species::one;
use super::{Chrome, filters};

/// `GET /imports`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "imports/list.html")]
pub struct ImportsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The imports, the latest first.
    pub lines: Vec<ImportLine>,
    /// Whether one is under way.
    pub is_under_way: bool,
    /// What was entered.
    pub form: ImportForm,
    /// The largest archive in bytes.
    pub max_bytes: u64,
    /// The largest picture in bytes.
    pub max_picture_bytes: u64,
}

/// What was entered, with what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct ImportForm {
    /// What is wrong with the archive.
    pub error: Option<String>,
    /// The species' name.
    pub species: String,
    /// What is wrong with it.
    pub species_error: Option<String>,
}

impl ImportsPage {
    fn limit(&self) -> String {
        match self.max_bytes / 1_000_000_000 {
            0 => format!("{} MB", self.max_bytes / 1_000_000),
            gigabytes => format!("{gigabytes} GB"),
        }
    }
}

/// An import in the list.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Its id.
    pub id: i64,
    /// The archive's name.
    pub name: String,
    /// Its state.
    pub state: ImportState,
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// How many drafts it has made.
    pub imported: i64,
    /// How many files it has.
    pub files: i64,
}

impl From<Import> for ImportLine {
    fn from(import: Import) -> Self {
        Self {
            id: import.id.0,
            name: import.name,
            state: import.state,
            at: import.created_at,
            imported: import.counts.imported,
            files: import.counts.files,
        }
    }
}

impl ImportLine {
    fn state(&self) -> &'static str {
        state(self.state)
    }

    fn badge(&self) -> &'static str {
        badge(self.state)
    }
}

/// `GET /imports/{import}`
#[derive(Debug, Template)]
#[template(path = "imports/page.html")]
pub struct ImportPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// How far it is.
    pub part: ImportPart,
}

/// How far an import is, which a live refresh fetches.
#[derive(Debug, Template)]
#[template(path = "imports/_import.html")]
pub struct ImportPart {
    /// The import.
    pub import: Import,
    /// The path of its page.
    pub path: String,
    /// The state of the files that are shown; `None` for all.
    pub only: Option<&'static str>,
    /// The last file on the page before.
    pub after: Option<i32>,
    /// The last file, if there are more.
    pub next: Option<i32>,
    /// The receipts.
    pub receipts: Vec<Receipt>,
}

/// A choice of files, with how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The state in the query; empty for all.
    pub only: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// How many files there are.
    pub count: i64,
}

impl ImportPart {
    /// How many files have each outcome, of those that some have.
    fn outcomes(&self) -> String {
        let counts = &self.import.counts;
        let duplicates = if counts.duplicates == 1 { "duplicate" } else { "duplicates" };
        [
            (counts.imported, "imported"),
            (counts.duplicates, duplicates),
            (counts.refused, "refused"),
            (counts.failed, "failed"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect::<Vec<_>>()
        .join(", ")
    }

    fn state(&self) -> &'static str {
        state(self.import.state)
    }

    fn badge(&self) -> &'static str {
        badge(self.import.state)
    }

    /// The choices that have files.
    fn choices(&self) -> Vec<Choice> {
        let counts = &self.import.counts;
        let choices = [
            ("", "All", counts.files),
            (FileState::Imported.name(), "Imported", counts.imported),
            (FileState::Duplicate.name(), "Duplicates", counts.duplicates),
            (FileState::Refused.name(), "Refused", counts.refused),
            (FileState::Failed.name(), "Failed", counts.failed),
        ];
        let choices = choices.into_iter().filter(|(only, _, count)| *count > 0 || Some(*only) == self.only);
        choices.map(|(only, title, count)| Choice { only, title, count }).collect()
    }

    fn is_chosen(&self, choice: &Choice) -> bool {
        self.only.unwrap_or_default() == choice.only
    }

    /// The query of a page of these files.
    fn query(&self, after: Option<i32>) -> String {
        let only = self.only.map(|only| format!("only={only}"));
        let after = after.map(|after| format!("after={after}"));
        let parts: Vec<_> = only.into_iter().chain(after).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    fn here(&self) -> String {
        self.query(self.after)
    }

    fn first(&self) -> String {
        self.query(None)
    }

    fn further(&self) -> String {
        self.query(self.next)
    }

    fn may_cancel(&self) -> bool {
        matches!(self.import.state, ImportState::Unpacking | ImportState::Importing)
    }

    fn may_retry(&self) -> bool {
        let has_some = self.import.may_retry || self.import.counts.retryable > 0;
        has_some
            && self.import.has_archive
            && matches!(self.import.state, ImportState::Done | ImportState::Refused)
    }

    fn may_undo(&self) -> bool {
        let has_ended =
            matches!(self.import.state, ImportState::Done | ImportState::Cancelled | ImportState::Refused);
        has_ended && self.import.counts.imported > 0
    }
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its path in the archive.
    pub name: String,
    /// What became of it, in a word or two.
    pub outcome: &'static str,
    /// The class of the badge with that.
    pub badge: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// Its draft, or the photo that it is a duplicate of.
    pub photo: Option<i64>,
    /// What the link to the photo says.
    pub link: &'static str,
}

impl From<ImportFile> for Receipt {
    fn from(file: ImportFile) -> Self {
        let (outcome, badge) = match file.state {
            FileState::Stored if file.reason.is_some() => ("failed, will retry", "processing"),
            FileState::Waiting | FileState::Stored => ("waiting", ""),
            FileState::Imported => ("imported", "live"),
            FileState::Duplicate => ("duplicate", ""),
            FileState::Refused => ("refused", "failed"),
            FileState::Failed => ("failed", "failed"),
            FileState::Cancelled => ("cancelled", ""),
            FileState::Undone => ("undone", ""),
        };
        let link = if file.state == FileState::Duplicate { "Same as this photo" } else { "See it" };
        let photo = file.photo.map(|photo| photo.0);
        Self { name: file.name, outcome, badge, reason: file.reason, photo, link }
    }
}

fn state(state: ImportState) -> &'static str {
    match state {
        ImportState::Unpacking => "unpacking",
        ImportState::Importing => "importing",
        ImportState::Done => "done",
        ImportState::Refused => "refused",
        ImportState::Cancelled => "cancelled",
        ImportState::Undoing => "undoing",
        ImportState::Undone => "undone",
    }
}

fn badge(state: ImportState) -> &'static str {
    match state {
        ImportState::Unpacking | ImportState::Importing | ImportState::Undoing => "processing",
        ImportState::Done => "live",
        ImportState::Refused => "failed",
        ImportState::Cancelled | ImportState::Undone => "",
    }
}
