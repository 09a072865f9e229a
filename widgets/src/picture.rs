//! Pictures of photos in templates.

use pawdium_shared::photos::{Photo, Sizes};
use serde::{Deserialize, Serialize};

/// A photo's square picture in the sizes that exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Picture {
    /// In any order; empty while the photo is being processed.
    pub sizes: Vec<PictureSize>,
    /// The ThumbHash (<https://evanw.github.io/thumbhash/>) in base64, which `placeholder.js` paints until the picture
    /// has loaded.
    pub placeholder: Option<String>,
}

/// One file of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PictureSize {
    /// Where it is served.
    pub url: String,
    /// The width and height in pixels. Small originals are not enlarged.
    pub edge: u32,
}

/// The path that serves a picture.
#[must_use]
pub fn media_path(key: &str) -> String {
    format!("/media/{key}")
}

impl Picture {
    /// The picture of a photo.
    #[must_use]
    pub fn of(photo: &Photo) -> Self {
        Self::of_sizes(&photo.sizes, photo.placeholder.clone())
    }

    /// A picture with these files.
    #[must_use]
    pub fn of_sizes(sizes: &Sizes, placeholder: Option<String>) -> Self {
        let sizes = sizes.values();
        Self {
            sizes: sizes.map(|size| PictureSize { url: media_path(&size.key), edge: size.width }).collect(),
            placeholder,
        }
    }

    /// The value of `srcset`, smallest first.
    #[must_use]
    pub fn srcset(&self) -> String {
        let mut sizes: Vec<_> = self.sizes.iter().collect();
        sizes.sort_by_key(|size| size.edge);
        sizes.dedup_by_key(|size| size.edge);
        sizes.iter().map(|size| format!("{} {}w", size.url, size.edge)).collect::<Vec<_>>().join(", ")
    }

    /// The largest file, for `src` and for the big view.
    #[must_use]
    pub fn largest(&self) -> Option<&PictureSize> {
        self.sizes.iter().max_by_key(|size| size.edge)
    }

    /// The smallest file, for thumbnails.
    #[must_use]
    pub fn smallest(&self) -> Option<&PictureSize> {
        self.sizes.iter().min_by_key(|size| size.edge)
    }
}

/// The alternative text of a picture: its description, or the title if that is empty.
#[must_use]
pub fn described<'a>(alt: &'a str, title: &'a str) -> &'a str {
    if alt.trim().is_empty() { title } else { alt }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(edge: u32) -> PictureSize {
        PictureSize { url: format!("/media/{edge}.jpg"), edge }
    }

    #[test]
    fn a_size_that_was_not_enlarged_is_named_once() {
        let picture = Picture { sizes: vec![size(300), size(300), size(160)], placeholder: None };
        assert_eq!(picture.srcset(), "/media/160.jpg 160w, /media/300.jpg 300w");
        assert_eq!(picture.largest().map(|size| size.edge), Some(300));
    }
}
