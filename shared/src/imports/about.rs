//! What is known of a picture beside its pixels, and the draft that it makes.

use pawdium_media::Crop;
use serde::{Deserialize, Serialize};

use crate::photos::{Allowed, Alt, Commenters, Draft, Species, Tags, Title};
use crate::visible::shows_something;

/// The longest title in characters.
const TITLE: usize = 120;

/// The longest description in characters.
const ALT: usize = 500;

/// The most characters of a text that are kept until its draft is made: enough to tell where it has to be shortened.
const KEPT: usize = 2_000;

/// The most words for tags that are kept, and the most characters of each.
const WORDS: (usize, usize) = (100, 100);

/// What an archive, or the picture itself, says of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What animal it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub species: Option<Species>,
    /// The square to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Who may comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<Commenters>,
    /// Whether others may remix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remixes: Option<bool>,
}

impl About {
    /// What this says, and what the other says where this says nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            alt: self.alt.or(other.alt),
            tags: if self.tags.is_empty() { other.tags } else { self.tags },
            species: self.species.or(other.species),
            crop: self.crop.or(other.crop),
            comments: self.comments.or(other.comments),
            remixes: self.remixes.or(other.remixes),
        }
    }

    /// This without what no draft has room for. An archive may have ten thousand descriptions, which are all in memory
    /// at the same time.
    #[must_use]
    pub(super) fn bounded(mut self) -> Self {
        for text in [&mut self.title, &mut self.alt].into_iter().flatten() {
            cut(text, KEPT);
        }
        self.tags.truncate(WORDS.0);
        for word in &mut self.tags {
            cut(word, WORDS.1);
        }
        self.tags.shrink_to_fit();
        self
    }

    /// The draft of a picture. What doesn't fit its field is shortened or left out: nobody is there to correct it.
    /// Without a title the file's name is one. Without a species, a tag that names one counts, and else `species`.
    #[must_use]
    pub fn draft(&self, file: &str, species: Species) -> Draft {
        let tags = Tags::of_words(&self.tags);
        let named = || tags.as_slice().iter().find_map(|tag| tag.key().parse::<Species>().ok());
        let title = self.title.as_deref().and_then(title).or_else(|| title(&name_of(file)));
        Draft {
            title: title.unwrap_or_else(untitled),
            alt: self.alt.as_deref().map(alt).unwrap_or_default(),
            species: self.species.or_else(named).unwrap_or(species),
            crop: self.crop,
            allowed: Allowed { remixes: self.remixes, comments: self.comments.unwrap_or_default() },
            tags,
        }
    }
}

/// Shortens a text, and leaves out what the database can't store.
fn cut(text: &mut String, most: usize) {
    text.retain(|c| c != '\0');
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

/// A text on one line, of so many characters at most.
fn one_line(text: &str, most: usize) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    if text.chars().nth(most).is_none() {
        return text;
    }
    let cut: String = text.chars().take(most - 1).collect();
    format!("{}…", cut.trim_end())
}

fn title(text: &str) -> Option<Title> {
    Title::new(&one_line(text, TITLE)).ok()
}

fn alt(text: &str) -> Alt {
    Alt::new(&one_line(text, ALT)).unwrap_or_default()
}

fn untitled() -> Title {
    Title::new("Untitled").expect("it is a title")
}

/// The name of a file as words: without folders, ending and the number of a copy.
#[must_use]
pub fn name_of(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or(name, |(stem, _)| stem);
    let stem = stem
        .strip_suffix(')')
        .and_then(|stem| {
            let (rest, number) = stem.rsplit_once('(')?;
            (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(rest)
        })
        .unwrap_or(stem);
    let words: Vec<_> = stem.split(['_', ' ', '+']).filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    if shows_something(&name) { name } else { String::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_fall_back_to_the_names_of_files() {
        for (file, title) in [
            ("cats/Tom_at_noon.jpg", "Tom at noon"),
            ("IMG_1234(2).JPG", "IMG 1234"),
            ("Tom (asleep).jpg", "Tom (asleep)"),
            (".jpg", ".jpg"),
            ("no-ending", "no-ending"),
            ("\u{200b}.png", "Untitled"),
            ("___.png", "Untitled"),
        ] {
            assert_eq!(About::default().draft(file, Species::Other).title.as_str(), title, "{file}");
        }
    }

    #[test]
    fn what_does_not_fit_is_shortened_or_left_out() {
        let about = About {
            title: Some("ä".repeat(121)),
            alt: Some("two\nlines".to_owned()),
            tags: ["Cat", "not a tag!?", "cat", "", "nap time"].map(str::to_owned).to_vec(),
            ..About::default()
        };
        let draft = about.draft("a.jpg", Species::Dog);
        assert_eq!(draft.title.as_str(), format!("{}…", "ä".repeat(119)));
        assert_eq!(draft.alt.as_str(), "two lines");
        assert_eq!(draft.tags.names(), ["Cat", "nap-time"]);
        assert_eq!(draft.species, Species::Cat);
    }

    #[test]
    fn what_was_said_first_counts() {
        let first = About { title: Some("Tom".to_owned()), remixes: Some(false), ..About::default() };
        let second = About {
            title: Some("Jerry".to_owned()),
            species: Some(Species::Rodent),
            crop: Some(Crop { x: 1, y: 2, side: 300 }),
            ..About::default()
        };
        let both = first.or(second);
        assert_eq!(
            (both.title.as_deref(), both.species, both.remixes),
            (Some("Tom"), Some(Species::Rodent), Some(false))
        );
        let stored = serde_json::to_value(&both).expect("it is JSON");
        assert_eq!(stored["crop"], "1,2,300");
        assert_eq!(serde_json::from_value::<About>(stored).expect("it is read"), both);
    }

    proptest! {
        #[test]
        fn any_texts_make_a_draft(title in any::<String>(), alt in any::<String>(), tags in proptest::collection::vec(any::<String>(), 0..20), file in any::<String>()) {
            let about = About { title: Some(title), alt: Some(alt), tags, ..About::default() };
            let draft = about.draft(&file, Species::Other);
            prop_assert!(draft.tags.as_slice().len() <= 10);
        }
    }
}
