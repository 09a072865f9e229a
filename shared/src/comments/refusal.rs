//! Why an act with a comment was refused.

use chrono::TimeDelta;

use crate::db::Conflict;
use crate::references::{Gone, gone};

/// Why an act was refused. `Display` is what the person who asked for it reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The photo or the comment is gone, or hidden from the person who asks.
    #[error("It is gone.")]
    Gone,
    /// The acting user is gone.
    #[error("The user is gone.")]
    NoUser,
    /// The comment is somebody else's.
    #[error("It is somebody else's comment.")]
    NotOwn,
    /// A moderator's own comment waits for another moderator.
    #[error("It is yours. Another moderator has to approve it.")]
    OwnHeld,
    /// The comment was reported, and is judged in its case.
    #[error("It was reported, and waits with its case. Decide there.")]
    InCase,
    /// The photo takes no comments.
    #[error("The owner of this photo has turned comments off.")]
    Closed,
    /// The photo's owner has blocked the member.
    #[error("The owner of this photo doesn't take comments from you.")]
    Blocked,
    /// The comment to answer isn't there.
    #[error("There is no such comment on this photo any more.")]
    NoParent,
    /// The comment is too old to be changed.
    #[error("A comment can be changed for 15 minutes. You can delete it and write another.")]
    TooLate,
    /// A new member's comment has too many links.
    #[error("New members can put two links into a comment.")]
    TooManyLinks,
    /// The member comments too fast.
    #[error("You are too fast.")]
    TooFast(TimeDelta),
    /// The database fails.
    #[error("The database failed.")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => Self::NoUser,
            Some(Gone::Photo | Gone::Hub) => Self::Gone,
            None => Self::Database(error),
        }
    }
}

impl Conflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}
