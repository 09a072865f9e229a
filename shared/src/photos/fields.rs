//! The fields of a submission, validated by their types.

use pawdium_media::Crop;

use super::tag::Tags;
use super::types::{Commenters, Species, UnknownSpecies};
use crate::visible::shows_something;

/// Why a field was refused. Forms show the message beside the field.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct InvalidDraft {
    /// The field's name in forms and in the API.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

fn refuse(field: &'static str, message: impl Into<String>) -> InvalidDraft {
    InvalidDraft { field, message: message.into() }
}

impl From<UnknownSpecies> for InvalidDraft {
    fn from(error: UnknownSpecies) -> Self {
        refuse("species", error.to_string())
    }
}

/// A title: 1 to 120 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Checks a title.
    ///
    /// # Errors
    /// [`InvalidDraft`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, InvalidDraft> {
        let text = text.trim();
        match text.chars().count() {
            _ if !shows_something(text) => Err(refuse("title", "Give the photo a title.")),
            ..=120 if !text.contains(char::is_control) => Ok(Self(text.to_owned())),
            ..=120 => Err(refuse("title", "The title must be one line of plain text.")),
            _ => Err(refuse("title", "Keep the title to 120 characters.")),
        }
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A description for people who can't see the picture: at most 500 characters, may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alt(String);

impl Alt {
    /// Checks an alternative text.
    ///
    /// # Errors
    /// [`InvalidDraft`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, InvalidDraft> {
        let text = text.trim().replace(['\r', '\n', '\t'], " ");
        if text.contains(char::is_control) {
            return Err(refuse("alt", "The description must be plain text."));
        }
        if !text.is_empty() && !shows_something(&text) {
            return Err(refuse(
                "alt",
                "The description shows nothing. Say what the photo shows, or leave it empty.",
            ));
        }
        if text.chars().count() > 500 {
            return Err(refuse("alt", "Keep the description to 500 characters."));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a member enters when submitting a photo.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The title.
    pub title: Title,
    /// The description.
    pub alt: Alt,
    /// What animal it is.
    pub species: Species,
    /// Free words.
    pub tags: Tags,
    /// The square to show, in pixels of the upright picture; the largest centred one if it is absent.
    pub crop: Option<Crop>,
    /// What others may do with it.
    pub allowed: Allowed,
}

/// What others may do with a photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Whether they may remix it; `None` for what the owner's settings say.
    pub remixes: Option<bool>,
    /// Who may comment.
    pub comments: Commenters,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(Title::new("  Blep ").expect("fine").as_str(), "Blep");
        assert!(Title::new(" ").is_err());
        assert!(Title::new("a\nb").is_err());
        assert!(Title::new(&"ä".repeat(120)).is_ok());
        assert!(Title::new(&"ä".repeat(121)).is_err());
    }

    #[test]
    fn invisible_texts_count_as_empty() {
        for nothing in ["\u{200b}", "\u{200f}\u{202e} \u{200e}", "\u{3164}", "\u{2800}", "\u{feff}"] {
            assert_eq!(Title::new(nothing).expect_err("it is none").field, "title", "{nothing:?}");
            assert_eq!(Alt::new(nothing).expect_err("it is none").field, "alt", "{nothing:?}");
            assert_eq!(Tags::new(nothing).expect_err("it is none").field, "tags", "{nothing:?}");
        }
        assert!(Title::new("\u{1f408}\u{200d}\u{2b1b}").is_ok());
        assert_eq!(Alt::new(" \n").expect("it may be empty").as_str(), "");
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_refused_without_a_panic(text in "\\PC*") {
            let _ = (Title::new(&text), Alt::new(&text), Tags::new(&text));
        }
    }
}
