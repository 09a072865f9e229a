//! Search: a page and a call that find photos, members, hubs and topics.

pub mod api;
pub mod page;

/// The most characters of a search that pages repeat. The words that count are fewer.
const LONGEST: usize = 200;

/// A search as pages show it: one line of at most [`LONGEST`] characters.
fn tidy(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_one_short_line() {
        assert_eq!(tidy("  a\0b \n c  "), "a b c");
        assert_eq!(tidy(&"ä".repeat(5000)).chars().count(), LONGEST);
    }
}
