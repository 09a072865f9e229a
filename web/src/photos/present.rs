//! Converts photos from the database for pages.

use pawdium_shared::photos::Photo;

use super::place::Place;
use crate::views::{self, Picture, PictureSize};

/// The path that serves a picture.
#[must_use]
pub fn media_path(key: &str) -> String {
    format!("/media/{key}")
}

/// The picture in the sizes that exist.
#[must_use]
pub fn picture(photo: &Photo) -> Picture {
    let sizes = photo.sizes.values();
    Picture {
        sizes: sizes.map(|size| PictureSize { url: media_path(&size.key), edge: size.width }).collect(),
        placeholder: photo.placeholder.clone(),
    }
}

/// A card in a list; `ranked` shows its place.
#[must_use]
pub fn card(photo: &Photo, ranked: bool) -> views::PhotoCard {
    views::PhotoCard {
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        species: photo.species.name().to_owned(),
        owner: photo.owner_name.clone(),
        picture: picture(photo),
        rank: photo.rank.filter(|_| ranked).map(i64::from),
        mean: photo.histogram.mean(),
        count: photo.histogram.count(),
        from: None,
    }
}

/// A card in a list that its photo's page leads back to.
#[must_use]
pub fn card_in(place: &Place, photo: &Photo, ranked: bool) -> views::PhotoCard {
    views::PhotoCard { from: Some(place.to_string()), ..card(photo, ranked) }
}
