//! What open pages listen to.

use crate::ids::PhotoId;

/// What a page shows and can subscribe to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic(pub(super) String);

impl Topic {
    /// One photo's page.
    #[must_use]
    pub fn photo(photo: PhotoId) -> Self {
        Self(format!("photo:{photo}"))
    }
}
