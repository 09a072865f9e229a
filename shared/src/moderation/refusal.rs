//! Why something was not hidden, or not undone.

use crate::db::Conflict;
use crate::{comments, hubs, photos, talks};

/// Why something was not hidden, or an act was not undone. `Display` is what the moderator reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing, or no such act.
    #[error("It is gone.")]
    Gone,
    /// The act was done by another moderator to something of the moderator's.
    #[error("It was done to something of yours. Another moderator has to undo it.")]
    Own,
    /// The act is older than 30 days.
    #[error("This was done more than 30 days ago, so it can't be undone any more.")]
    Final,
    /// Something else was done to the thing later.
    #[error("Something else was done to it later. Undo that first.")]
    Later,
    /// The author deleted it, or somebody changed it otherwise.
    #[error("It has changed since: its owner has deleted it, or somebody has shown it again.")]
    Changed,
    /// The account of its author is gone, and the thing with it.
    #[error("It went with its owner's account.")]
    WentWithAccount,
    /// The owner of a photo has another one of the same title.
    #[error("Its owner has another photo called “{0}” by now, and two can't have the same title.")]
    SameTitle(String),
    /// The picture was blocked by another act.
    #[error("Its picture is blocked by another act. Undo that, or unblock the picture, first.")]
    Blocked,
    /// The files are gone from the store.
    #[error("Its files are gone from the media store.")]
    NoFiles,
    /// Another hub has the address.
    #[error("Another hub has its address by now.")]
    SlugTaken,
    /// The hub that showed the photo is gone.
    #[error("The hub was deleted. Undo that first.")]
    NoHub,
    /// The database fails.
    #[error("The database failed.")]
    Database(#[from] sqlx::Error),
    /// The media store fails.
    #[error("The media store failed.")]
    Store(#[source] anyhow::Error),
}

impl Conflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

impl From<comments::Refusal> for Refusal {
    fn from(refusal: comments::Refusal) -> Self {
        match refusal {
            comments::Refusal::Database(error) => Self::Database(error),
            _ => Self::Gone,
        }
    }
}

impl From<talks::Refusal> for Refusal {
    fn from(refusal: talks::Refusal) -> Self {
        match refusal {
            talks::Refusal::Database(error) => Self::Database(error),
            _ => Self::Gone,
        }
    }
}

impl From<hubs::Refusal> for Refusal {
    fn from(refusal: hubs::Refusal) -> Self {
        match refusal {
            hubs::Refusal::Database(error) => Self::Database(error),
            hubs::Refusal::SlugTaken | hubs::Refusal::SlugKept => Self::SlugTaken,
            _ => Self::Gone,
        }
    }
}

impl From<photos::posting::NotPosted> for Refusal {
    fn from(refusal: photos::posting::NotPosted) -> Self {
        match refusal {
            photos::posting::NotPosted::Database(error) => Self::Database(error),
            photos::posting::NotPosted::NoHub => Self::NoHub,
            _ => Self::Changed,
        }
    }
}

impl From<photos::withheld::NotBack> for Refusal {
    fn from(refusal: photos::withheld::NotBack) -> Self {
        use photos::withheld::NotBack;
        match refusal {
            NotBack::Gone => Self::WentWithAccount,
            NotBack::Changed => Self::Changed,
            NotBack::SameTitle(title) => Self::SameTitle(title),
            NotBack::NoFiles => Self::NoFiles,
            NotBack::Database(error) => Self::Database(error),
            NotBack::Store(error) => Self::Store(error),
        }
    }
}
