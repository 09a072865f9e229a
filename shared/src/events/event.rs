//! The events.

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::photos::Species;

/// A fact about a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A photo's processing completed a step, or failed.
    PhotoProgressed {
        /// The photo.
        photo: PhotoId,
    },
    /// A photo went live.
    PhotoPublished {
        /// The photo.
        photo: PhotoId,
        /// Its species, because lists can be limited to one.
        species: Species,
    },
    /// A photo was deleted or hidden.
    PhotoRemoved {
        /// The photo.
        photo: PhotoId,
        /// Its species, because lists can be limited to one.
        species: Species,
    },
    /// A photo's rating was added or replaced, or its histogram was corrected.
    PhotoRated {
        /// The photo.
        photo: PhotoId,
    },
    /// Ranks or scores changed.
    RanksMoved {
        /// The species of the photos whose ranks or scores changed.
        species: Vec<Species>,
    },
    /// Views, shares or virality of photos changed.
    ViralityMoved {
        /// The photos.
        photos: Vec<PhotoId>,
    },
    /// A member's public name changed, or a member deleted the account or merged an anonymous user into it.
    MemberChanged {
        /// Photos that show the name or whose ratings changed.
        photos: Vec<PhotoId>,
    },
}

impl Event {
    /// The photos that the event is about; `None` if it may be about any.
    #[must_use]
    pub fn photos(&self) -> &[PhotoId] {
        match self {
            Self::PhotoProgressed { photo }
            | Self::PhotoPublished { photo, .. }
            | Self::PhotoRemoved { photo, .. }
            | Self::PhotoRated { photo } => std::slice::from_ref(photo),
            Self::ViralityMoved { photos } | Self::MemberChanged { photos } => photos,
            Self::RanksMoved { .. } => &[],
        }
    }

    /// The species whose lists the event can change.
    #[must_use]
    pub fn species(&self) -> &[Species] {
        match self {
            Self::PhotoPublished { species, .. } | Self::PhotoRemoved { species, .. } => {
                std::slice::from_ref(species)
            }
            Self::RanksMoved { species } => species,
            _ => &[],
        }
    }

    /// Equal events have equal keys. While one waits, another is not needed.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::PhotoProgressed { photo } => format!("progressed:{photo}"),
            Self::PhotoPublished { photo, .. } => format!("published:{photo}"),
            Self::PhotoRemoved { photo, .. } => format!("removed:{photo}"),
            Self::PhotoRated { photo } => format!("rated:{photo}"),
            Self::RanksMoved { species } => {
                format!(
                    "ranks:{}",
                    species.iter().map(|species| species.name()).collect::<Vec<_>>().join(",")
                )
            }
            Self::ViralityMoved { photos } => format!("virality:{}", ids(photos)),
            Self::MemberChanged { photos } => format!("member:{}", ids(photos)),
        }
    }
}

/// A short key for many ids. Equal lists have equal keys.
fn ids(photos: &[PhotoId]) -> String {
    let mut hash = blake3::Hasher::new();
    for photo in photos {
        hash.update(&photo.0.to_be_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}
