//! Why an owner's act on a photo was refused.

use pawdium_media::Refusal;

use super::posting::NotPosted;
use crate::db::Conflict;
use crate::ids::PhotoId;

/// Why a photo was not changed, published or remixed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// The photo doesn't exist, is deleted, or is somebody else's and not live.
    #[error("This photo no longer exists.")]
    Gone,
    /// The photo is somebody else's.
    #[error("You can only change your own photos.")]
    NotOwn,
    /// The owner has changed it since it was read.
    #[error("This photo has been changed since you loaded it.")]
    Stale,
    /// The owner has another live photo with this title.
    #[error("You have another photo with this title.")]
    SameTitle(PhotoId),
    /// A failed or hidden photo can't be changed.
    #[error("Only drafts and live photos can be changed.")]
    Unchangeable,
    /// Its picture is being made.
    #[error("This photo is being processed. Choose its crop again when it is live.")]
    Processing,
    /// A draft can't be published without a picture.
    #[error("Add a picture before you publish this draft.")]
    NoPicture,
    /// There is no picture to crop.
    #[error("There is no picture to crop.")]
    NoSource,
    /// The crop doesn't fit the picture.
    #[error(transparent)]
    Crop(Refusal),
    /// It could not be posted to a hub, or removed from it.
    #[error(transparent)]
    Posted(#[from] NotPosted),
    /// Its owner doesn't allow remixes.
    #[error("remixes are not allowed")]
    NotRemixable,
    /// There are too many remixes between the photo and one that is none.
    #[error("This photo is already the 32nd remix in a row. Remix one of those before it.")]
    TooDeep,
    /// The photo has no such revision any more.
    #[error("This revision no longer exists.")]
    NoRevision,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Conflict for NotChanged {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Database(error) => error.is_conflict(),
            Self::Posted(error) => error.is_conflict(),
            _ => false,
        }
    }
}
