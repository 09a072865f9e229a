//! Filters for the search of jobs.

use serde::Serialize;
use sqlx::Postgres;
use sqlx::postgres::PgTypeInfo;

use crate::ids::JobId;
use crate::state::JobState;

/// The most jobs in one bulk action.
pub const BULK: i64 = 10_000;

/// A party that jobs belong to, such as a member. It serializes as `own` alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Party {
    /// Its subject, and the partition of the same name: `user:7`.
    pub own: String,
    /// The subjects of its things, such as `photo:12`.
    pub things: Vec<String>,
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.own
    }
}

/// Selects jobs. `None` allows any value, and a job must match all fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// The job itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<JobId>,
    /// Its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its subject: `photo:12`, `user:7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its partition: `user:7`, `example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The party: the job is in its partition, or about it or one of its things. Finds the newest [`BULK`] of each.
    #[serde(rename = "member", skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// A text in the last error, ignoring case. It must be [searchable](is_searchable).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The [group](super::ErrorGroup::error) of the last error of a dead job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_group: Option<String>,
    /// Searches the errors with mail addresses masked, for users who may not read addresses.
    #[serde(skip)]
    pub is_masked: bool,
}

impl Filter {
    /// Whether it selects all jobs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { is_masked: self.is_masked, ..Self::default() }
    }

    /// The live states to search.
    pub(super) fn live(&self) -> States<LiveState> {
        match self.state {
            _ if self.error_group.is_some() => States::None,
            None => States::Any,
            Some(state) if state.is_live() => States::Only(LiveState(state)),
            Some(_) => States::None,
        }
    }

    /// The ended states to search.
    pub(super) fn ended(&self) -> States<EndedState> {
        match self.state {
            None | Some(JobState::Dead) if self.error_group.is_some() => {
                States::Only(EndedState(JobState::Dead))
            }
            _ if self.error_group.is_some() => States::None,
            None => States::Any,
            Some(state) if state.is_live() => States::None,
            Some(state) => States::Only(EndedState(state)),
        }
    }

    /// The error's text as a LIKE pattern without wildcards.
    pub(super) fn pattern(&self) -> Option<String> {
        self.error.as_ref().map(|text| format!("%{}%", escape(text)))
    }
}

/// The regular expression of what masking removes: the local part of a mail address after its first character.
pub(super) const MASKED: &str =
    r#"([^[:space:][:cntrl:]<>()\[\]\\,;:"@])[^[:space:][:cntrl:]<>()\[\]\\,;:"]*@"#;

/// Which states of a table to search.
#[derive(Clone, Copy, Debug)]
pub(super) enum States<T> {
    None,
    Any,
    Only(T),
}

impl<T> States<T> {
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) fn only(self) -> Option<T> {
        match self {
            Self::Only(state) => Some(state),
            Self::None | Self::Any => None,
        }
    }
}

/// A live state with its type in the database, `job_state`. Partial indexes need this type and not text.
#[derive(Clone, Copy, Debug, sqlx::Encode)]
pub(super) struct LiveState(JobState);

/// An ended state with its type in the database, `job_outcome`.
#[derive(Clone, Copy, Debug, sqlx::Encode)]
pub(super) struct EndedState(JobState);

impl sqlx::Type<Postgres> for LiveState {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("job_state")
    }
}

impl sqlx::Type<Postgres> for EndedState {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("job_outcome")
    }
}

/// Whether an index can find errors with this text. It needs three letters or digits in a row; a search for a shorter text
/// would read all errors.
#[must_use]
pub fn is_searchable(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word.chars().nth(2).is_some())
}

/// Escapes the wildcards of LIKE.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_an_error_text_are_escaped() {
        let filter = Filter { error: Some(r"50% of C:\a_b".to_owned()), ..Filter::default() };
        assert_eq!(filter.pattern().as_deref(), Some(r"%50\% of C:\\a\_b%"));
    }

    #[test]
    fn a_text_is_searchable_with_three_letters_or_digits_in_a_row() {
        for text in ["550", "mailbox full", "%%timed__out", "a: bcd", "größe"] {
            assert!(is_searchable(text), "{text}");
        }
        for text in ["", "ab", "%%%%", "a b c d", "::-- 55"] {
            assert!(!is_searchable(text), "{text}");
        }
    }
}
