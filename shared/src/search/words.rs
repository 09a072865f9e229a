//! What somebody searches for.

/// The most words that count.
const WORDS: usize = 8;

/// The most characters of a word that count.
const LENGTH: usize = 40;

/// The words of a search: letters and digits in lower case. Everything else separates them, so no character of a search
/// has a meaning in a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The first words of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Self(
            words
                .take(WORDS)
                .map(|word| word.chars().take(LENGTH).collect::<String>().to_lowercase())
                .collect(),
        )
    }

    /// Whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A query of full-text search that finds all words, each as a whole.
    pub(super) fn whole(&self) -> String {
        self.0.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" & ")
    }

    /// A query of full-text search that finds all words, each at the beginning of a word. One or two characters begin so
    /// many words that they only count as a whole.
    pub(super) fn beginnings(&self) -> String {
        let beginning = |word: &String| {
            let is_short = word.chars().count() < 3;
            if is_short { format!("'{word}'") } else { format!("'{word}':*") }
        };
        self.0.iter().map(beginning).collect::<Vec<_>>().join(" & ")
    }

    /// Patterns for `like` that find each word anywhere, the longest first, which narrows an index most.
    pub(super) fn anywhere(&self) -> Vec<String> {
        let mut words: Vec<_> = self.0.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.into_iter().map(|word| format!("%{word}%")).collect()
    }

    /// A pattern for `like` that finds the words in this order at the beginning of a name.
    pub(super) fn beginning(&self) -> String {
        format!("{}%", self.0.join("%"))
    }

    /// A pattern for `like` that finds the words in this order in a name. One or two characters are in so many names
    /// that only those count which begin with them.
    pub(super) fn in_order(&self) -> String {
        let is_short = self.0.iter().map(|word| word.chars().count()).sum::<usize>() < 3;
        if is_short { self.beginning() } else { format!("%{}", self.beginning()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn punctuation_separates_words() {
        let words = Words::of("  It's an Upside-down\tCAT!! ");
        assert_eq!(words.whole(), "'it' & 's' & 'an' & 'upside' & 'down' & 'cat'");
        assert_eq!(words.beginnings(), "'it' & 's' & 'an' & 'upside':* & 'down':* & 'cat':*");
    }

    #[test]
    fn the_longest_word_comes_first_among_the_patterns() {
        assert_eq!(Words::of("of corgis").anywhere(), ["%corgis%", "%of%"]);
    }

    #[test]
    fn short_words_only_begin_names() {
        assert_eq!([Words::of("ad").in_order(), Words::of("ada").in_order()], ["ad%", "%ada%"]);
        assert_eq!(Words::of("von Pfoten").in_order(), "%von%pfoten%");
    }

    proptest! {
        #[test]
        fn no_search_is_long_or_has_special_characters(text in ".{0,3000}") {
            let words = Words::of(&text);
            prop_assert!(words.0.len() <= WORDS);
            for word in &words.0 {
                // A character may have several in lower case.
                prop_assert!(!word.is_empty() && word.chars().count() <= 3 * LENGTH, "{word:?}");
                prop_assert!(!word.contains(['\'', '%', '_', '\\', '\0', '&', '|', '!', ':', ' ']), "{word:?}");
            }
        }
    }
}
