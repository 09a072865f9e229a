//! Why an act on a sanction was refused.

use super::SanctionKind;
use crate::db::Conflict;
use crate::moderation::review;
use crate::references::{Gone, gone};

/// Why an act on a sanction was refused. `Display` is what the person who asked for it reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such member, sanction or appeal.
    #[error("It is gone.")]
    Gone,
    /// The acting user is gone.
    #[error("The user is gone.")]
    NoUser,
    /// Who acts doesn't moderate, or is sanctioned.
    #[error("Only moderators can do that.")]
    NotAllowed,
    /// Nobody sanctions themselves, and nobody judges what concerns them.
    #[error("You can't decide about yourself.")]
    Own,
    /// Admins are sanctioned by admins only.
    #[error("Only admins can do that to an admin.")]
    Admin,
    /// It is lifted, or over.
    #[error("This sanction doesn't hold any more.")]
    Over,
    /// A warning or a ban has no end.
    #[error("A {} has no end. Leave it out.", match .0 { SanctionKind::Warn => "warning", _ => "ban" })]
    Endless(SanctionKind),
    /// A warning hides nothing.
    #[error("A warning hides nothing.")]
    NothingToHide,
    /// The end is past.
    #[error("Choose an end that is not over yet.")]
    Past,
    /// The end is too far away.
    #[error("Choose an end within ten years, or none.")]
    TooLong,
    /// The member has appealed already.
    #[error("You have appealed against this already. A moderator will answer.")]
    Appealed,
    /// Somebody has judged the appeal already.
    #[error("This appeal is answered already.")]
    Judged,
    /// A text is empty or too long.
    #[error("{0}")]
    Text(&'static str),
    /// The case that it belongs to forbids it.
    #[error(transparent)]
    Case(review::Refusal),
    /// The database failed.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl Refusal {
    /// The field that it is about.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Endless(_) | Self::Past | Self::TooLong => Some("until"),
            Self::NothingToHide => Some("content"),
            Self::Text(_) => Some("text"),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => Self::NoUser,
            Some(_) => Self::Gone,
            None => Self::Database(error),
        }
    }
}

impl From<review::Refusal> for Refusal {
    fn from(refusal: review::Refusal) -> Self {
        match refusal {
            review::Refusal::Database(error) => error.into(),
            review::Refusal::NoUser => Self::NoUser,
            refusal => Self::Case(refusal),
        }
    }
}

impl Conflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}
