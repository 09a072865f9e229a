//! Submitting photos.

use askama::Template;

use super::{Chrome, Field, SPECIES, filters};

/// `GET /submit`, and the answer to a refused `POST /submit` without JavaScript.
#[derive(Debug, Template)]
#[template(path = "submit/page.html")]
pub struct SubmitPage {
    /// Around the page.
    pub chrome: Chrome,
    /// Without it the page asks to register or log in instead of showing the form.
    pub may_submit: bool,
    /// The largest file that is taken, in bytes.
    pub max_bytes: u64,
    /// What was entered and refused.
    pub entered: SubmitForm,
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
