//! Submitting photos.

use askama::Template;
use pawdium_media::Refusal;
use pawdium_shared::photos::Species;
use strum::VariantArray as _;

use super::hub_photos::HubChoice;
use super::species::one;
use super::{Chrome, Field, filters};

/// `GET /submit`, and the answer to a refused `POST /submit` without JavaScript.
#[derive(Debug, Template)]
#[template(path = "submit/page.html")]
pub struct SubmitPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether to show the form. If not, the page asks to register or log in.
    pub may_submit: bool,
    /// The viewer's id, which keeps members who share a browser apart.
    pub member: i64,
    /// The largest accepted file, in bytes.
    pub max_bytes: u64,
    /// The smallest accepted side of a crop, in pixels.
    pub min_side: u32,
    /// The page script's messages about files that the server would refuse.
    pub refusals: Refusals,
    /// The viewer's hubs.
    pub hubs: Vec<HubChoice>,
    /// The refused form.
    pub entered: SubmitForm,
}

/// The server's messages about files that it refuses.
#[derive(Clone, Debug)]
pub struct Refusals {
    /// The file is empty.
    pub empty: String,
    /// The file is too large.
    pub too_large: String,
    /// The format is not supported.
    pub no_picture: String,
    /// The file is HEIC.
    pub heif: String,
}

impl Refusals {
    /// The messages for a largest file of `max_bytes` bytes.
    #[must_use]
    pub fn of(max_bytes: u64) -> Self {
        Self {
            empty: Refusal::Empty.to_string(),
            too_large: Refusal::TooManyBytes { max: max_bytes }.to_string(),
            no_picture: Refusal::NotAPicture.to_string(),
            heif: Refusal::Heif.to_string(),
        }
    }
}

/// The fields of the form that works without JavaScript.
#[derive(Clone, Debug, Default)]
pub struct SubmitForm {
    /// Why the file was refused. Browsers don't let a page fill in a file again.
    pub photo_error: Option<String>,
    /// Why the choice of hubs was refused.
    pub hubs_error: Option<String>,
    /// 1 to 120 characters.
    pub title: Field,
    /// A species' key.
    pub species: Field,
    /// Up to 500 characters.
    pub alt: Field,
    /// Up to ten, separated by commas.
    pub tags: Field,
}
