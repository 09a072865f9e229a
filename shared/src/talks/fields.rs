//! What people write about calls and talks, validated by its types.

use unicode_normalization::UnicodeNormalization as _;

use crate::accounts::Refused;
use crate::visible::{is_invisible, shows_something};

const fn refuse<T>(field: &'static str, message: &'static str) -> Result<T, Refused> {
    Err(Refused { field, message })
}

/// The title of a call: 1 to 120 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTitle(String);

impl CallTitle {
    /// Checks a title.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        Ok(Self(title(text, "Give the call a title.")?))
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The title of a talk: 1 to 120 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalkTitle(String);

impl TalkTitle {
    /// Checks a title.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        Ok(Self(title(text, "Give the talk a title.")?))
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What titles that read the same have in common: without differences of case, width, spaces and invisible
    /// characters.
    #[must_use]
    pub fn key(&self) -> String {
        let folded: String = self.0.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let words =
            folded.split_whitespace().map(|word| word.chars().filter(|c| !is_invisible(*c)).collect());
        words.filter(|word: &String| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

fn title(text: &str, missing: &'static str) -> Result<String, Refused> {
    let text = text.trim();
    match text.chars().count() {
        _ if !shows_something(text) => refuse("title", missing),
        121.. => refuse("title", "Keep the title to 120 characters."),
        _ if !text.chars().all(|c| c == ' ' || shows_in_text(c)) => {
            refuse("title", "The title must be one line of plain text without invisible characters.")
        }
        _ => Ok(text.to_owned()),
    }
}

/// Whether a character shows, or joins the parts of an emoji.
fn shows_in_text(c: char) -> bool {
    !is_invisible(c) || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// The text of a call, in Markdown: at most 5,000 characters, may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallText(String);

impl CallText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        Ok(Self(markdown(text, 5000, "text", "Keep the text to 5,000 characters.")?))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The description of a talk, in Markdown: at most 2,000 characters, may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Checks a description.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        Ok(Self(markdown(text, 2000, "description", "Keep the description to 2,000 characters.")?))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn markdown(text: &str, most: usize, field: &'static str, too_long: &'static str) -> Result<String, Refused> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.chars().count() > most {
        return refuse(field, too_long);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return refuse(field, "This must be plain text without control characters.");
    }
    Ok(text.to_owned())
}

/// The most votes of a voter: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VotesEach(i16);

impl VotesEach {
    /// Checks a number.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(votes: i64) -> Result<Self, Refused> {
        match i16::try_from(votes) {
            Ok(votes @ 1..=100) => Ok(Self(votes)),
            _ => refuse("votes_each", "Each voter has 1 to 100 votes, or as many as there are talks."),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }
}

/// Why votes are set aside or a talk is hidden: 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Checks a reason.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.chars().count() {
            _ if !shows_something(&text) => refuse("reason", "Say why, in a few words."),
            501.. => refuse("reason", "Keep the reason to 500 characters."),
            _ if text.contains(char::is_control) => refuse("reason", "The reason must be plain text."),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_are_one_line_of_1_to_120_characters() {
        assert_eq!(TalkTitle::new("  Cheese Full Of Nails ").expect("fine").as_str(), "Cheese Full Of Nails");
        assert!(TalkTitle::new(&"ä".repeat(120)).is_ok());
        for bad in ["", " ", "\u{200b}", "\u{3164}", "a\nb", "a\0b", "so\u{202e}me", &"ä".repeat(121)] {
            assert_eq!(TalkTitle::new(bad).expect_err(bad).field, "title");
            assert_eq!(CallTitle::new(bad).expect_err(bad).field, "title");
        }
    }

    #[test]
    fn titles_that_read_the_same_have_one_key() {
        let key = |text| TalkTitle::new(text).expect(text).key();
        for same in ["this cheese", "THIS  CHEESE", "This \u{a0}Cheese", "Ｔｈｉｓ cheese"] {
            if let Ok(title) = TalkTitle::new(same) {
                assert_eq!(title.key(), key("This Cheese"), "{same:?}");
            }
        }
        assert_ne!(key("This Cheese"), key("This Cheeses"));
        assert_ne!(key("This Cheese"), key("ThisCheese"));
    }

    #[test]
    fn texts_are_bounded() {
        assert_eq!(Description::new(" a\r\nb ").expect("fine").as_str(), "a\nb");
        assert!(Description::new(&"ä".repeat(2000)).is_ok() && CallText::new(&"ä".repeat(5000)).is_ok());
        for bad in ["a\0b", "a\u{1b}[1m", &"ä".repeat(2001)] {
            assert_eq!(Description::new(bad).expect_err(bad).field, "description");
        }
        assert_eq!(CallText::new(&"ä".repeat(5001)).expect_err("long").field, "text");
        assert!(Reason::new(" one\ndevice ").is_ok_and(|reason| reason.as_str() == "one device"));
        for bad in ["", " \u{200b}", "a\0", &"ä".repeat(501)] {
            assert_eq!(Reason::new(bad).expect_err(bad).field, "reason");
        }
        assert_eq!([0, 101, -1, 1 << 40].map(|bad| VotesEach::new(bad).is_err()), [true; 4]);
        assert!(VotesEach::new(3).is_ok_and(|votes| votes.get() == 3));
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_or_refused_as_the_database_does(text in "\\PC*|[ a\u{200b}\0\n]*") {
            if let Ok(title) = TalkTitle::new(&text) {
                prop_assert!((1..=120).contains(&title.as_str().chars().count()) && !title.as_str().contains('\0'));
                prop_assert!(!title.key().contains('\0'));
            }
            if let Ok(text) = Description::new(&text) {
                prop_assert!(text.as_str().chars().count() <= 2000 && !text.as_str().contains('\0'));
            }
        }
    }
}
