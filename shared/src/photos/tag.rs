//! Tags: what owners write, and the key under which different spellings of a word meet.
//!
//! A key is NFKC-normalised and case-folded. The standard library has no case folding, and the crates that have it are
//! no longer maintained, so `fold` lower-cases the upper case of each character. That agrees with Unicode's full case
//! folding (`CaseFolding.txt`, statuses C and F) for all letters of tags but Cherokee, which folds to upper case there,
//! and the dotless ı, which keeps its identity here as there.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::fields::InvalidDraft;
use crate::visible::is_invisible;

/// The most characters of a tag.
pub const LONGEST: usize = 30;

/// The most tags of a photo.
pub const MOST: usize = 10;

/// How many combining marks may follow each other. No script needs more; more are only there to deface a page.
const MARKS: usize = 3;

/// A tag: 1 to 30 letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    key: String,
    name: String,
}

impl Tag {
    /// Tidies and checks what somebody wrote: white space and underscores become hyphens, and characters that only
    /// direct or join a text are left out. `None` if it is no tag.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let name = tidy(text);
        let key = fold(&name);
        (is_word(&name) && is_word(&key)).then_some(Self { key, name })
    }

    /// The key, which is equal for all spellings of the word. URLs and comparisons use it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The tag as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The key of a word; empty if it is no tag.
#[must_use]
pub fn key_of(text: &str) -> String {
    Tag::new(text).map(|tag| tag.key).unwrap_or_default()
}

/// At most ten different tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// Splits the text at commas and checks the tags. Of several spellings the first counts.
    ///
    /// # Errors
    /// [`InvalidDraft`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, InvalidDraft> {
        let refuse = |message: &str| InvalidDraft { field: "tags", message: message.to_owned() };
        let mut tags: Vec<Tag> = Vec::new();
        for text in text.split(',').map(|tag| tag.trim().trim_start_matches('#')) {
            if text.is_empty() {
                continue;
            }
            let tag = Tag::new(text).ok_or_else(|| {
                refuse("Tags are words of up to 30 letters, digits or hyphens, between commas.")
            })?;
            if tags.iter().any(|known| known.key == tag.key) {
                continue;
            }
            if tags.len() == MOST {
                return Err(refuse("Use at most ten tags."));
            }
            tags.push(tag);
        }
        Ok(Self(tags))
    }

    /// The tags of a photo from before they had keys. What is no tag any more is left out.
    #[must_use]
    pub fn of_words(words: &[String]) -> Self {
        let mut tags: Vec<Tag> = Vec::new();
        for tag in words.iter().filter_map(|word| Tag::new(word)) {
            if tags.len() < MOST && tags.iter().all(|known| known.key != tag.key) {
                tags.push(tag);
            }
        }
        Self(tags)
    }

    /// The tags, in the order in which they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[Tag] {
        &self.0
    }

    /// The tags as they were written.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|tag| tag.name.clone()).collect()
    }
}

/// One word, normalised: a name as pages show it.
fn tidy(text: &str) -> String {
    let text = text.trim().trim_start_matches('#').nfkc().filter(|c| !is_directing(*c)).nfkc();
    let mut name = String::new();
    for c in text {
        let is_gap = c.is_whitespace() || matches!(c, '_' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        match is_gap {
            true if name.is_empty() || name.ends_with('-') => {}
            true => name.push('-'),
            false => name.push(c),
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// Characters without a look of their own: marks of direction, joiners, variation selectors, soft hyphens.
fn is_directing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Case-folds and normalises until nothing changes any more: either step can make work for the other.
fn fold(name: &str) -> String {
    let mut key = name.to_owned();
    loop {
        let folded: String = key.chars().flat_map(fold_char).nfkc().collect();
        if folded == key {
            return key;
        }
        key = folded;
    }
}

fn fold_char(c: char) -> Vec<char> {
    match c {
        // Its upper case is I, which is another letter's.
        'ı' => vec![c],
        c => c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect(),
    }
}

fn is_word(text: &str) -> bool {
    let mut marks = MARKS;
    let mut length = 0;
    for c in text.chars() {
        length += 1;
        if is_combining_mark(c) && !is_symbol(c) && !is_invisible(c) {
            marks += 1;
            if marks > MARKS {
                return false;
            }
        } else if c == '-' {
            // No mark may follow.
            marks = MARKS;
        } else if c.is_alphanumeric() && !is_symbol(c) && !is_invisible(c) {
            marks = 0;
        } else {
            return false;
        }
    }
    (1..=LONGEST).contains(&length)
}

/// What counts as a letter or as a mark, and makes a pictogram: letters in squares, and what encloses others.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{488}' | '\u{489}' | '\u{20d0}'..='\u{20ff}' | '\u{1f100}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The key and the name.
    fn read(text: &str) -> Option<(String, String)> {
        Tag::new(text).map(|tag| (tag.key, tag.name))
    }

    fn is_read(text: &str, key: &str, name: &str) {
        assert_eq!(read(text), Some((key.to_owned(), name.to_owned())));
    }

    #[test]
    fn spellings_of_a_word_have_one_key_and_keep_their_look() {
        is_read("Blep", "blep", "Blep");
        is_read(" #Upside Down ", "upside-down", "Upside-Down");
        is_read("upside__down", "upside-down", "upside-down");
        is_read("upside – down-", "upside-down", "upside-down");
        is_read("ZWÖLF", "zwölf", "ZWÖLF");
    }

    #[test]
    fn sharp_s_is_two_letters() {
        is_read("Straße", "strasse", "Straße");
        assert_eq!(key_of("STRASSE"), key_of("Straße"));
        assert_eq!(key_of("STRAẞE"), key_of("straße"));
    }

    #[test]
    fn turkish_letters_stay_apart_as_unicode_folds_them() {
        assert_eq!(key_of("KAPI"), "kapi");
        assert_eq!(key_of("kapı"), "kapı");
        // The dotted capital folds to an i with a dot above (status F).
        assert_eq!(key_of("İstanbul"), "i\u{307}stanbul");
        assert_eq!(key_of("Istanbul"), "istanbul");
    }

    #[test]
    fn joiners_do_not_make_another_tag() {
        assert_eq!(key_of("ca\u{200d}t"), "cat");
        assert_eq!(key_of("ca\u{200c}t"), "cat");
        assert_eq!(key_of("ca\u{ad}t"), "cat");
        assert_eq!(Tag::new("\u{200d}"), None);
    }

    #[test]
    fn marks_of_direction_do_not_make_another_tag() {
        is_read("\u{200f}חתול\u{200e}", "חתול", "חתול");
        assert_eq!(key_of("\u{202e}cat\u{202c}"), "cat");
        assert_eq!(Tag::new("\u{200f}\u{202e}\u{2066}"), None);
    }

    #[test]
    fn full_width_letters_are_letters() {
        is_read("ＢＬＥＰ２", "blep2", "BLEP2");
        assert_eq!(key_of("ﾈｺ"), key_of("ネコ"));
        assert_eq!(key_of("ﬁsh"), "fish");
    }

    #[test]
    fn emoji_are_no_tags() {
        for emoji in
            ["🐈", "🐈\u{200d}\u{2b1b}", "cat🐈", "1\u{fe0f}\u{20e3}", "🅰", "🇩🇪", "❤\u{fe0f}", "🅱ird"]
        {
            assert_eq!(Tag::new(emoji), None, "{emoji}");
        }
    }

    #[test]
    fn combining_marks_compose_and_stay_within_reason() {
        assert_eq!(key_of("zwo\u{308}lf"), key_of("zwölf"));
        is_read("हिन्दी", "हिन्दी", "हिन्दी");
        is_read("แมว", "แมว", "แมว");
        assert_eq!(Tag::new("\u{308}cat"), None);
        assert_eq!(Tag::new(&format!("c{}t", "\u{308}".repeat(9))), None);
        assert_eq!(Tag::new("cat\u{20dd}"), None);
    }

    #[test]
    fn a_tag_has_one_to_thirty_characters_in_both_forms() {
        assert!(Tag::new(&"ä".repeat(30)).is_some());
        for text in [
            "",
            " ",
            "-",
            "--",
            "#",
            "a.b",
            "<b>",
            "a/b",
            "c\u{3164}t",
            "c\0t",
            &"ä".repeat(31),
            &"ß".repeat(16),
        ] {
            assert_eq!(Tag::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_photo_has_ten_different_tags() {
        assert_eq!(
            Tags::new("Blep, #tongue,, BLEP ,zwölf").map(|tags| tags.names()),
            Ok(["Blep", "tongue", "zwölf"].map(str::to_owned).to_vec())
        );
        assert!(Tags::new("1,2,3,4,5,6,7,8,9,10,10").is_ok());
        assert_eq!(Tags::new("1,2,3,4,5,6,7,8,9,10,11").map_err(|error| error.field), Err("tags"));
        assert_eq!(Tags::new("cat,<b>").map_err(|error| error.field), Err("tags"));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{1,20}") {
            if let Some(tag) = Tag::new(&text) {
                let again = Tag::new(tag.key());
                prop_assert_eq!(again.as_ref().map(Tag::key), Some(tag.key()));
                let again = Tag::new(tag.name());
                prop_assert_eq!(again, Some(tag));
            }
        }

        #[test]
        fn case_and_form_make_no_other_key(text in "[\\p{L}\\p{N}]{1,12}") {
            if let (Some(tag), false) = (Tag::new(&text), text.contains('ı')) {
                let forms = [text.to_lowercase(), text.to_uppercase(), text.nfd().collect(), text.nfkd().collect()];
                for form in forms {
                    if let Some(other) = Tag::new(&form) {
                        prop_assert_eq!(other.key(), tag.key(), "{:?}", form);
                    }
                }
            }
        }

        #[test]
        fn any_text_is_a_tag_or_none_without_a_panic(text in any::<String>()) {
            if let Some(tag) = Tag::new(&text) {
                prop_assert!((1..=LONGEST).contains(&tag.key().chars().count()));
                prop_assert!(!tag.name().contains([' ', ',', '/', '\0', '<']), "{:?}", tag);
            }
        }
    }
}
