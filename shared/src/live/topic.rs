//! What open pages listen to.

use crate::ids::{HubId, PhotoId, WidgetId};

/// What a page shows and can subscribe to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic(pub(super) String);

impl Topic {
    /// One photo's page.
    #[must_use]
    pub fn photo(photo: PhotoId) -> Self {
        Self(format!("photo:{photo}"))
    }

    /// A hub's page.
    #[must_use]
    pub fn hub(hub: HubId) -> Self {
        Self(format!("hub:{hub}"))
    }
}

/// What has happened to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Something has changed.
    Changed,
    /// The data of a widget has changed.
    Widget {
        /// The widget.
        id: WidgetId,
        /// The version of its data.
        version: u64,
    },
}
