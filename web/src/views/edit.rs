//! Editing a draft or a live photo.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::photos::{PhotoState, Species};
use strum::VariantArray as _;

use super::species::one;
use super::{Chrome, Field, Picture, filters};

/// `GET /photos/{id}/edit`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "photo/edit.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a box or a button of its own")]
pub struct EditPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The photo's id.
    pub id: i64,
    /// Its title as it is stored.
    pub name: String,
    /// Its state.
    pub state: PhotoState,
    /// Whether the viewer can publish it.
    pub may_publish: bool,
    /// The version that the form changes.
    pub version: String,
    /// 1 to 120 characters.
    pub title: Field,
    /// The URL of the owner's other photo with this title.
    pub same_title: Option<String>,
    /// Up to 500 characters.
    pub alt: Field,
    /// A species' key.
    pub species: Field,
    /// Up to ten, separated by commas.
    pub tags: Field,
    /// The viewer's hubs.
    pub hubs: Vec<HubBox>,
    /// Why the choice of hubs was refused.
    pub hubs_error: Option<String>,
    /// Whether everybody who is registered may comment; otherwise nobody may.
    pub comments: bool,
    /// Whether others may remix it.
    pub remixes: bool,
    /// Why it can't be published yet.
    pub photo_error: Option<String>,
    /// Whether it is a draft without a picture.
    pub lacks_picture: bool,
    /// What the owner crops.
    pub crop: Option<CropPart>,
    /// When the draft is deleted; `None` for a live photo.
    pub expires_at: Option<DateTime<Utc>>,
    /// The number of the present revision.
    pub revision: i32,
}

impl EditPage {
    fn is_draft(&self) -> bool {
        self.state == PhotoState::Draft
    }
}

/// The picture from which the owner chooses a square.
#[derive(Debug)]
pub struct CropPart {
    /// Where the picture is served.
    pub url: String,
    /// The smallest side of a square, in pixels.
    pub min_side: u32,
    /// The square that is stored, as `x,y,side`; empty for the largest.
    pub chosen: String,
    /// What was entered.
    pub field: Field,
    /// Whether a crop is being made.
    pub is_pending: bool,
    /// Why the last crop could not be made.
    pub problem: Option<String>,
}

/// A hub to which a photo can be posted.
#[derive(Clone, Debug)]
pub struct HubBox {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A field of two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The field's name.
    pub label: &'static str,
    /// What is stored now.
    pub now: String,
    /// What the other version says.
    pub other: String,
}

impl Line {
    /// A line of a comparison.
    #[must_use]
    pub fn new(label: &'static str, now: &str, other: &str) -> Self {
        Self { label, now: now.to_owned(), other: other.to_owned() }
    }

    /// Whether the versions differ.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.now != self.other
    }
}

/// The answer to a form of a photo that has been changed since.
#[derive(Debug, Template)]
#[template(path = "photo/conflict.html")]
pub struct ConflictPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The photo's id.
    pub id: i64,
    /// Its title as it is stored.
    pub name: String,
    /// The picture that it shows.
    pub picture: Picture,
    /// The fields of both versions.
    pub lines: Vec<Line>,
    /// The version that is stored.
    pub version: i32,
    /// The form that came late.
    pub title: String,
    /// The form that came late.
    pub alt: String,
    /// The form that came late.
    pub species: String,
    /// The form that came late.
    pub tags: String,
    /// The form that came late.
    pub crop: String,
    /// The form that came late.
    pub hubs: Vec<String>,
    /// Whether it offered hubs.
    pub offers_hubs: bool,
    /// The form that came late.
    pub comments: bool,
    /// The form that came late.
    pub remixes: bool,
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn only_other_texts_differ() {
        assert!(Line::new("Title", "A cat", "A dog").differs());
        assert!(!Line::new("Title", "A cat", "A cat").differs());
    }
}
