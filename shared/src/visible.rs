//! Invisible characters.

/// Whether a text shows anything. A title of zero-width spaces does not.
#[must_use]
pub fn shows_something(text: &str) -> bool {
    text.chars().any(|c| !is_invisible(c))
}

/// White space, control characters, characters that fonts ignore by default (`Default_Ignorable_Code_Point` of Unicode
/// 16), marks that shape or annotate a text, and the blank braille pattern.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Embeddings, overrides and isolates (Unicode Standard Annex 9, 2.1 to 2.4). Marks such as U+200F only join the text,
/// and people write them.
#[must_use]
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_texts_are_recognised() {
        for nothing in [
            "",
            " ",
            "\u{200b}",
            "\u{200e}\u{202e}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{ad}\u{feff}",
            "\u{fe0f}",
        ] {
            assert!(!shows_something(nothing), "{nothing:?}");
        }
        for something in ["a", "\u{200b}ä", "\u{1f408}\u{200d}\u{2b1b}", "שלום\u{200f}", "⠁", "한", "."]
        {
            assert!(shows_something(something), "{something:?}");
        }
    }
}
