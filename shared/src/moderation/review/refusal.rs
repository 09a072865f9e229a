//! Why a report or an act on a case was refused.

use chrono::TimeDelta;

use crate::db::Conflict;
use crate::moderation::cases::Outcome;
use crate::references::{Gone, gone};
use crate::{comments, hubs, talks};

/// Why an act was refused. `Display` is what the person who asked for it reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The thing or the case is gone.
    #[error("It is gone.")]
    Gone,
    /// The acting user is gone.
    #[error("The user is gone.")]
    NoUser,
    /// The thing is the reporter's own.
    #[error("You can't report something of your own. You can change or delete it.")]
    Own,
    /// The case is about the moderator's own thing.
    #[error("It is about something of yours. Another moderator has to decide.")]
    OwnCase,
    /// The case is about somebody else.
    #[error("This case isn't about that member.")]
    NotConcerned,
    /// The thing isn't what the moderator saw any more.
    #[error("It has changed since you opened this page. Look at it once more.")]
    Changed,
    /// The member reports too fast.
    #[error("You have reported a lot within an hour.")]
    TooFast(TimeDelta),
    /// The case is closed.
    #[error("This case is closed.")]
    Closed(Outcome),
    /// Another moderator works on it.
    #[error("{0} works on this case.")]
    Claimed(String),
    /// The thing is hidden until somebody decides.
    #[error("It is hidden until you decide: take it down, or show it again first.")]
    Undecided,
    /// There is nothing like that to be done to such a thing.
    #[error("That can't be done to this.")]
    NotFitting,
    /// The thing is down already.
    #[error("It is taken down already. Close the case.")]
    AlreadyDown,
    /// The thing is gone, so nothing can be done to it.
    #[error("It is gone, so there is nothing to take down. Close the case.")]
    ThingGone,
    /// The act needs a reason.
    #[error("Say why, in a few words.")]
    NoReason,
    /// The picture of the photo to show again was blocked meanwhile.
    #[error("Its picture is blocked by now, so it can't be shown again. Take it down.")]
    PictureBlocked,
    /// What the act is made of was refused.
    #[error("{0}")]
    Refused(String),
    /// The media store fails.
    #[error("The media store failed.")]
    Store(#[source] anyhow::Error),
    /// The database fails.
    #[error("The database failed.")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => Self::NoUser,
            Some(Gone::Photo | Gone::Hub) => Self::ThingGone,
            None => Self::Database(error),
        }
    }
}

impl From<comments::Refusal> for Refusal {
    fn from(refusal: comments::Refusal) -> Self {
        match refusal {
            comments::Refusal::Database(error) => error.into(),
            comments::Refusal::Gone => Self::ThingGone,
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<talks::Refusal> for Refusal {
    fn from(refusal: talks::Refusal) -> Self {
        match refusal {
            talks::Refusal::Database(error) => error.into(),
            talks::Refusal::Gone => Self::ThingGone,
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<hubs::Refusal> for Refusal {
    fn from(refusal: hubs::Refusal) -> Self {
        match refusal {
            hubs::Refusal::Database(error) => error.into(),
            hubs::Refusal::Gone => Self::ThingGone,
            refusal => Self::Refused(refusal.message().to_owned()),
        }
    }
}

impl Conflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}
