//! The events.

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::photos::Species;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A photo's processing got one step further, or failed.
    PhotoProgressed {
        /// Which photo.
        photo: PhotoId,
    },
    /// A photo went live.
    PhotoPublished {
        /// Which photo.
        photo: PhotoId,
        /// Its species, by which lists are filtered.
        species: Species,
    },
    /// A photo was deleted or hidden.
    PhotoRemoved {
        /// Which photo.
        photo: PhotoId,
        /// Its species, by which lists are filtered.
        species: Species,
    },
    /// A photo was rated, or rated again, or its histogram was mended.
    PhotoRated {
        /// Which photo.
        photo: PhotoId,
    },
    /// Ranks or scores moved.
    RanksMoved {
        /// Of photos of these species.
        species: Vec<Species>,
    },
    /// Views, shares or virality of photos moved.
    ViralityMoved {
        /// Which photos.
        photos: Vec<PhotoId>,
    },
    /// A member's public name changed, or the member left or took over what an anonymous user had done.
    MemberChanged {
        /// Photos that bear the name, or are rated otherwise now.
        photos: Vec<PhotoId>,
    },
}

impl Event {
    /// The photos that this is about; none where it may be about any.
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

    /// The species whose lists this can change.
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

    /// Equal events have equal keys: while one waits to be dealt with, another is not needed.
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

/// A short key for many ids: equal lists have equal keys.
fn ids(photos: &[PhotoId]) -> String {
    let mut hash = blake3::Hasher::new();
    for photo in photos {
        hash.update(&photo.0.to_be_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}
