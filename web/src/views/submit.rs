//! Submitting photos.

use askama::Template;
use pawdium_media::Refusal;
use pawdium_shared::photos::Species;
use strum::VariantArray as _;

use super::species::one;
use super::{Chrome, Field, filters};

/// `GET /submit`, and the answer to a refused `POST /submit` without JavaScript.
#[derive(Debug, Template)]
#[template(path = "submit/page.html")]
pub struct SubmitPage {
    /// Around the page.
    pub chrome: Chrome,
    /// Without it the page asks to register or log in instead of showing the form.
    pub may_submit: bool,
    /// The viewer's id, so that what one member left in a browser is not another's.
    pub member: i64,
    /// The largest file that is taken, in bytes.
    pub max_bytes: u64,
    /// The smallest crop that is taken, in pixels of its side.
    pub min_side: u32,
    /// What the page's script says about files that it need not send.
    pub refusals: Refusals,
    /// What was entered and refused.
    pub entered: SubmitForm,
}

/// Why the server takes no such file, in its own words.
#[derive(Clone, Debug)]
pub struct Refusals {
    /// It has no bytes.
    pub empty: String,
    /// It has too many.
    pub too_large: String,
    /// It is in no format that is read.
    pub no_picture: String,
    /// It is HEIC.
    pub heif: String,
}

impl Refusals {
    /// With the largest file that is taken, in bytes.
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
    /// Why the file was refused; browsers don't let a page put a file back.
    pub photo_error: Option<String>,
    /// 1 to 120 characters.
    pub title: Field,
    /// A species' key.
    pub species: Field,
    /// Up to 500 characters.
    pub alt: Field,
    /// Up to ten, separated by commas.
    pub tags: Field,
}
