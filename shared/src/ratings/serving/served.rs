//! What a rater is served.

use crate::ids::PhotoId;
use crate::ratings::Lane;

/// A photo on a rater's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The photo.
    pub photo: PhotoId,
    /// How it was selected.
    pub lane: Lane,
}
