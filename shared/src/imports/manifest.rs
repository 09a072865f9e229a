//! The list of an export of Pawdium's own: `pawdium.json` at the root of its archive.

use std::collections::BTreeMap;

use pawdium_media::Crop;
use serde::Deserialize;

use super::About;
use crate::photos::{Commenters, Species};

/// The name of the file.
pub const FILE: &str = "pawdium.json";

/// The largest list in bytes.
pub const LARGEST: u64 = 32 << 20;

/// The most photos of a list: as many as an archive has files.
const MOST: usize = 10_000;

/// The version that this program reads.
const VERSION: u32 = 1;

/// Why a list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not JSON, or not of the right shape.
    #[error(
        "The file pawdium.json in this archive can't be read ({0}). Export your photos again and import that."
    )]
    Malformed(serde_json::Error),
    /// Of a later version.
    #[error(
        "This archive comes from a newer version of Pawdium. Ask the operators of this site to update it."
    )]
    Newer,
    /// It lists more photos than any archive has files.
    #[error(
        "The file pawdium.json in this archive lists more than {} photos. Import them in several archives.",
        MOST
    )]
    TooMany,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct Manifest {
    photos: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    title: Option<String>,
    alt: Option<String>,
    species: Option<String>,
    tags: Option<Vec<String>>,
    crop: Option<Square>,
    comments: Option<String>,
    remixes: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
struct Square {
    x: u32,
    y: u32,
    side: u32,
}

impl From<Listed> for About {
    fn from(listed: Listed) -> Self {
        Self {
            title: listed.title,
            alt: listed.alt,
            tags: listed.tags.unwrap_or_default(),
            species: listed.species.and_then(|name| name.parse::<Species>().ok()),
            crop: listed.crop.map(|Square { x, y, side }| Crop { x, y, side }).filter(|crop| crop.side > 0),
            comments: listed.comments.and_then(|name| name.parse::<Commenters>().ok()),
            remixes: listed.remixes,
        }
        .bounded()
    }
}

/// Reads a list: the photos by the paths of their files.
///
/// # Errors
/// [`Unusable`], in words for the archive's owner.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, About>, Unusable> {
    let Version { version } = serde_json::from_slice(bytes).map_err(Unusable::Malformed)?;
    if version > VERSION {
        return Err(Unusable::Newer);
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(Unusable::Malformed)?;
    if manifest.photos.len() > MOST {
        return Err(Unusable::TooMany);
    }
    Ok(manifest.photos.into_iter().map(|listed| (listed.file.clone(), listed.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_all_of_each_photo() {
        let list = br#"{"version": 1, "site": "https://pawdium.test", "photos": [
            {"file": "photos/7.jpg", "title": "Blep", "alt": "A tongue", "species": "cat", "tags": ["derp"], "state": "live",
             "created_at": "2026-01-02T03:04:05Z", "crop": {"x": 1, "y": 2, "side": 300}, "comments": "nobody", "remixes": false},
            {"file": "photos/8.jpg", "crop": null, "species": "dragon"}]}"#;
        let photos = read(list).expect("it is read");
        let about = &photos["photos/7.jpg"];
        assert_eq!((about.title.as_deref(), about.species), (Some("Blep"), Some(Species::Cat)));
        assert_eq!((about.comments, about.remixes), (Some(Commenters::Nobody), Some(false)));
        assert_eq!(about.crop, Some(Crop { x: 1, y: 2, side: 300 }));
        assert_eq!(photos["photos/8.jpg"], About::default());
    }

    #[test]
    fn lists_that_mean_something_else_are_refused() {
        assert!(matches!(read(br#"{"version": 2, "albums": []}"#), Err(Unusable::Newer)));
        assert!(matches!(read(br#"{"version": 1}"#), Err(Unusable::Malformed(_))));
        assert!(matches!(read(b"[]"), Err(Unusable::Malformed(_))));
        assert!(matches!(read(b"\xff"), Err(Unusable::Malformed(_))));
        let list = |number: usize| {
            let photos: Vec<_> = (0..number).map(|n| format!(r#"{{"file":"{n}"}}"#)).collect();
            format!(r#"{{"version":1,"photos":[{}]}}"#, photos.join(","))
        };
        assert!(matches!(read(list(MOST + 1).as_bytes()), Err(Unusable::TooMany)));
        assert_eq!(read(list(MOST).as_bytes()).map(|photos| photos.len()).ok(), Some(MOST));
    }
}
