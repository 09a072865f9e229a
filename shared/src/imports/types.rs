//! Imports, their files, and the states of both.

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::{ImportId, PhotoId};

/// The state of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ImportState {
    /// Its pictures are taken out of the archive, and become drafts.
    Unpacking,
    /// All pictures are taken out, and become drafts.
    Importing,
    /// Every file has an outcome.
    Done,
    /// The archive can't be used, or couldn't be read.
    Refused,
    /// Its owner stopped it. The drafts that it had made stay.
    Cancelled,
    /// Its drafts are deleted.
    Undoing,
    /// Its drafts are deleted, except those that its owner had changed or published.
    Undone,
}

impl ImportState {
    /// The name in the database and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether something goes on.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Unpacking | Self::Importing | Self::Undoing)
    }
}

/// The state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum FileState {
    /// In the archive.
    Waiting,
    /// Taken out of it; a job makes a draft of it.
    Stored,
    /// There is a draft of it, or a photo that the draft has become.
    Imported,
    /// Its owner has a photo of the same file.
    Duplicate,
    /// It can't be used.
    Refused,
    /// It couldn't be processed, through our fault.
    Failed,
    /// Its owner stopped the import before its turn.
    Cancelled,
    /// Its draft was deleted with the import.
    Undone,
}

impl FileState {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its outcome is open.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Stored)
    }
}

/// An import, for its owner.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Its state.
    pub state: ImportState,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Whether it may be tried again after it was refused, because the fault was ours.
    pub may_retry: bool,
    /// The archive's name.
    pub name: String,
    /// The archive's size in bytes.
    pub bytes: i64,
    /// Whether the archive is still there.
    pub has_archive: bool,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many files there are of each outcome.
    pub counts: Counts,
}

/// How many files of an import have which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All files.
    pub files: i64,
    /// Those without an outcome.
    pub open: i64,
    /// Imported.
    pub imported: i64,
    /// Duplicates.
    pub duplicates: i64,
    /// Refused.
    pub refused: i64,
    /// Failed, and not tried again by themselves.
    pub failed: i64,
    /// Refused and failed ones that their owner may try again.
    pub retryable: i64,
}

impl Counts {
    /// How many files have an outcome.
    #[must_use]
    pub const fn settled(&self) -> i64 {
        self.files - self.open
    }
}

/// A file of an import: its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFile {
    /// Its place in the archive.
    pub number: i32,
    /// Its path in the archive.
    pub name: String,
    /// Its state.
    pub state: FileState,
    /// Why it was refused or failed, or what became of its draft.
    pub reason: Option<String>,
    /// Whether its owner may try it again.
    pub may_retry: bool,
    /// Its draft, or the photo that it is a duplicate of.
    pub photo: Option<PhotoId>,
}

impl ImportFile {
    /// What became of it, in the API's words; `None` if that is open. One that failed and is tried again by itself has
    /// failed so far.
    #[must_use]
    pub fn outcome(&self) -> Option<&'static str> {
        match self.state {
            FileState::Stored if self.reason.is_some() => Some(FileState::Failed.name()),
            FileState::Waiting | FileState::Stored => None,
            state => Some(state.name()),
        }
    }

    /// Whether it failed, and is tried again by itself.
    #[must_use]
    pub fn will_retry(&self) -> bool {
        self.state == FileState::Stored && self.reason.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_tried_again_has_failed_so_far() {
        let mut file = ImportFile {
            number: 0,
            name: "a.jpg".to_owned(),
            state: FileState::Stored,
            reason: None,
            may_retry: false,
            photo: None,
        };
        assert_eq!((file.outcome(), file.will_retry()), (None, false));
        file.reason = Some("The store is away.".to_owned());
        assert_eq!((file.outcome(), file.will_retry()), (Some("failed"), true));
        file.state = FileState::Failed;
        assert_eq!((file.outcome(), file.will_retry()), (Some("failed"), false));
    }
}
