//! Paging backwards from the newest entry.

use std::str::FromStr;

use serde::Deserialize;

/// Entries per page.
const PER_PAGE: usize = 50;

/// Entries to fetch: one extra tells whether there is another page.
pub(crate) const ASKED: i64 = 51;

/// Where a page begins. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    before: String,
}

impl PageQuery {
    /// The id that the page's entries are older than; `None` on the first page.
    pub(crate) fn before<T: FromStr>(&self) -> Option<T> {
        self.before.parse().ok()
    }
}

/// Cuts the fetched entries to one page. Returns its last entry if there are more.
pub(crate) fn cut<T>(entries: &mut Vec<T>) -> Option<&T> {
    let more = entries.len() > PER_PAGE;
    entries.truncate(PER_PAGE);
    entries.last().filter(|_| more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_one_more_than_it_shows() {
        assert_eq!(usize::try_from(ASKED), Ok(PER_PAGE + 1));
    }

    #[test]
    fn only_a_page_with_more_behind_it_has_a_last_entry() {
        for (entries, last) in [(0, None), (1, None), (50, None), (51, Some(49))] {
            let mut entries: Vec<usize> = (0..entries).collect();
            assert_eq!(cut(&mut entries).copied(), last);
            assert!(entries.len() <= PER_PAGE);
        }
    }
}
