//! What an owner writes about a hub, validated by its types.

use crate::accounts::Refused;
use crate::visible::{is_invisible, shows_something};

const fn refuse<T>(field: &'static str, message: &'static str) -> Result<T, Refused> {
    Err(Refused { field, message })
}

/// The name of a hub: 1 to 80 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName(String);

impl HubName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        match text.chars().count() {
            _ if !shows_something(text) => refuse("name", "Give the hub a name."),
            81.. => refuse("name", "Keep the name to 80 characters."),
            _ if !is_one_visible_line(text) => {
                refuse("name", "The name must be one line of plain text without invisible characters.")
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One sentence about a hub: at most 280 characters on one line, may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary(String);

impl Summary {
    /// Checks a summary.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.trim().replace("\r\n", " ").replace(['\r', '\n', '\t'], " ");
        if text.chars().count() > 280 {
            return refuse("summary", "Keep the summary to 280 characters.");
        }
        if text.is_empty() || (is_one_visible_line(&text) && shows_something(&text)) {
            return Ok(Self(text));
        }
        refuse("summary", "The summary must be plain text without invisible characters.")
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether all characters show, apart from spaces and what joins the parts of an emoji.
fn is_one_visible_line(text: &str) -> bool {
    text.chars().all(|c| !is_invisible(c) || c == ' ' || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(HubName::new("  Orange cats ").expect("fine").as_str(), "Orange cats");
        assert!(HubName::new(&"ä".repeat(80)).is_ok());
        for bad in ["", " ", "\u{200b}", "a\nb", "a\0b", "Ca\u{202e}ts", "Ca\u{3164}ts", &"ä".repeat(81)] {
            assert_eq!(HubName::new(bad).expect_err(bad).field, "name");
        }
        assert!(HubName::new("Cats \u{1f408}\u{200d}\u{2b1b}\u{fe0f}").is_ok(), "emoji are joined invisibly");
    }

    #[test]
    fn summaries_may_be_empty_and_become_one_line() {
        assert_eq!(Summary::new(" \r\n").expect("empty").as_str(), "");
        assert_eq!(Summary::new("All\r\nof\tthem").expect("fine").as_str(), "All of them");
        assert!(Summary::new(&"ä".repeat(280)).is_ok());
        for bad in ["\u{200b}", "a\0b", "so\u{2066}me", &"ä".repeat(281)] {
            assert_eq!(Summary::new(bad).expect_err(bad).field, "summary");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_refused_as_the_database_does(text in "\\PC*|[ a\u{200b}\0\n]*") {
            if let Ok(name) = HubName::new(&text) {
                prop_assert!((1..=80).contains(&name.as_str().chars().count()) && !name.as_str().contains('\0'));
            }
            if let Ok(summary) = Summary::new(&text) {
                prop_assert!(summary.as_str().chars().count() <= 280 && !summary.as_str().contains('\0'));
            }
        }
    }
}
