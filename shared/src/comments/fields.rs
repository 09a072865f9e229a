//! What people write in comments, validated.

use unicode_normalization::UnicodeNormalization as _;

use crate::accounts::Refused;
use crate::visible::{is_invisible, shows_something, turns_direction};

/// The most characters of a comment.
const LONGEST: usize = 2000;

const MISSING: Refused = Refused { field: "text", message: "comment must include a text field" };
const TOO_LONG: Refused = Refused { field: "text", message: "Keep a comment to 2,000 characters." };
const NOT_PLAIN: Refused =
    Refused { field: "text", message: "A comment must be plain text without control characters." };

/// The text of a comment: 1 to 2,000 characters of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentText(String);

impl CommentText {
    /// Checks a text. Characters that turn the direction of what follows are left out, since phones paste them unasked.
    /// Of several blank lines one is left.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !turns_direction(*c)).collect();
        if !shows_something(&text) {
            return Err(MISSING);
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(NOT_PLAIN);
        }
        let text = with_single_gaps(text.trim());
        if text.chars().count() > LONGEST { Err(TOO_LONG) } else { Ok(Self(text)) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash of what texts that read the same have in common: without differences of case, width, spaces, punctuation
    /// and invisible characters.
    #[must_use]
    pub fn key(&self) -> [u8; 16] {
        let folded = self.0.nfkc().flat_map(char::to_lowercase).nfkc();
        let shown: String = folded.filter(|c| !is_invisible(*c)).collect();
        let words: String = shown.chars().filter(|c| c.is_alphanumeric()).collect();
        // A text of nothing but signs is compared as it is.
        let text = if words.is_empty() { shown } else { words };
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        key
    }
}

/// Ends lines where their text ends, and leaves at most one blank line between two others.
fn with_single_gaps(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = true;
            continue;
        }
        if !kept.is_empty() {
            kept.push_str(if blank { "\n\n" } else { "\n" });
        }
        blank = false;
        kept.push_str(line);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Result<String, &'static str> {
        CommentText::new(text).map(|text| text.0).map_err(|refused| refused.message)
    }

    #[test]
    fn a_comment_says_something_in_2000_characters() {
        for nothing in ["", " \n\t", "\u{200b}", "\u{202e}", "\u{2067} \u{2069}", "\u{3164}"] {
            assert_eq!(text(nothing), Err(MISSING.message), "{nothing:?}");
        }
        let longest = "ä".repeat(LONGEST);
        assert_eq!(text(&longest).as_deref(), Ok(longest.as_str()));
        assert_eq!(text(&format!("{longest}ä")), Err(TOO_LONG.message));
        assert_eq!(
            text(&format!("  {longest}\n ")).as_deref(),
            Ok(longest.as_str()),
            "what is trimmed isn't counted"
        );
    }

    #[test]
    fn a_comment_is_plain_text() {
        for wrong in ["a\0b", "a\u{1b}[31mb", "a\u{7f}", "a\u{85}b"] {
            assert_eq!(text(wrong), Err(NOT_PLAIN.message), "{wrong:?}");
        }
        assert_eq!(text("<script>alert(1)</script>").as_deref(), Ok("<script>alert(1)</script>"));
        assert_eq!(text("one\r\ntwo\rthree\n\n\n\nfour").as_deref(), Ok("one\ntwo\nthree\n\nfour"));
    }

    #[test]
    fn nothing_turns_the_direction_of_what_follows() {
        assert_eq!(text("\u{202e}gpj.exe\u{202c} \u{2068}x\u{2069}").as_deref(), Ok("gpj.exe x"));
        let hebrew = "שלום\u{200f}!";
        assert_eq!(text(hebrew).as_deref(), Ok(hebrew));
    }

    #[test]
    fn texts_that_read_the_same_have_the_same_key() {
        let key = |text| CommentText::new(text).expect("a text").key();
        let one = key("Buy GOLD at example.com!");
        for same in
            ["buy gold at example.com", "Buy\u{200b} gold…  at\nexample.com", "Ｂｕｙ gold at example.com"]
        {
            assert_eq!(key(same), one, "{same}");
        }
        assert_ne!(key("Buy silver at example.com!"), one);
        assert_ne!(key("!!!"), key("???"));
        assert_ne!(key("🐈"), key("🐕"));
    }

    proptest! {
        #[test]
        fn a_text_that_was_accepted_is_accepted_unchanged(given in "\\PC{0,40}(\n|\r\n| |\u{202e}|\\PC){0,40}") {
            if let Ok(once) = CommentText::new(&given) {
                prop_assert_eq!(CommentText::new(once.as_str()), Ok(once.clone()));
                prop_assert!(!once.as_str().chars().any(turns_direction));
            }
        }
    }
}
