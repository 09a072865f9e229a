//! Converts photos from the database for pages.

use pawdium_shared::photos::Photo;

pub use pawdium_widgets::picture::media_path;

use super::place::Place;
use crate::views::{self, Picture};

/// A card in a list. In a ranking, which is what everybody thinks, it shows its rank and its mean. In any other list, nobody
/// is told the others' opinion before rating.
#[must_use]
pub fn card(photo: &Photo, ranked: bool) -> views::PhotoCard {
    views::PhotoCard {
        id: photo.id.0,
        title: photo.title.clone(),
        alt: photo.alt.clone(),
        species: photo.species.name().to_owned(),
        owner: photo.owner_name.clone(),
        picture: Picture::of(photo),
        rank: photo.rank.filter(|_| ranked).map(i64::from),
        mean: photo.histogram.mean().filter(|_| ranked),
        count: photo.histogram.count(),
        from: None,
    }
}

/// A card in a list that its photo's page leads back to.
#[must_use]
pub fn card_in(place: &Place, photo: &Photo, ranked: bool) -> views::PhotoCard {
    views::PhotoCard { from: Some(place.to_string()), ..card(photo, ranked) }
}
