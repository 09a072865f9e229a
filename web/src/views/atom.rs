//! Atom documents.

use askama::Template;
use chrono::{DateTime, Utc};

use super::feed::FeedEntry;
use super::filters;

/// A feed.
#[derive(Debug, Template)]
#[template(path = "hubs/feed.xml")]
pub struct AtomFeed {
    /// Its id, which never changes.
    pub id: String,
    /// The title.
    pub title: String,
    /// A sentence about it; may be empty.
    pub summary: String,
    /// The URL of the feed itself.
    pub own: String,
    /// The URL of the page that shows the same.
    pub page: String,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// The entries, the latest first.
    pub entries: Vec<AtomEntry>,
}

/// An entry of a feed.
#[derive(Debug)]
pub struct AtomEntry {
    /// Its id, which never changes.
    pub id: String,
    /// The title.
    pub title: String,
    /// The name of its author.
    pub author: String,
    /// The URL of what it is about.
    pub page: String,
    /// When it was published.
    pub since: DateTime<Utc>,
    /// When it last changed.
    pub at: DateTime<Utc>,
    /// The rendered [`AtomContent`].
    pub content: String,
}

/// The content of an entry: the sentence with links, and thumbnails. Readers sanitise it as HTML.
#[derive(Debug, Template)]
#[template(path = "hubs/_entry_content.html")]
pub struct AtomContent<'a> {
    /// The address of the site, because readers show the entry elsewhere.
    pub base: String,
    /// What happened.
    pub entry: &'a FeedEntry,
}

impl AtomContent<'_> {
    fn base(&self) -> &str {
        &self.base
    }
}

/// Replaces the characters that an XML 1.0 document can't contain, not even escaped (section 2.2, `Char`).
fn xml(text: &str) -> String {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_char(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_holds_no_character_that_xml_forbids() {
        assert_eq!(xml("a\u{0}b\u{b}c\u{ffff}d\u{1f408}\n"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{1f408}\n");
    }

    #[test]
    fn what_members_write_is_escaped() {
        let feed = AtomFeed {
            id: "tag:example.org,2026-01-01:hub/1".to_owned(),
            title: "</title><x a=\"&\u{0}'>]]>".to_owned(),
            summary: String::new(),
            own: "https://example.org/feed.atom?token=x&y".to_owned(),
            page: "https://example.org".to_owned(),
            updated: DateTime::UNIX_EPOCH,
            entries: Vec::new(),
        };
        let text = feed.render().expect("it renders");
        assert!(!text.contains("<x") && !text.contains("]]>") && !text.contains('\u{0}'), "{text}");
        assert!(text.contains("token=x&#38;y"), "{text}");
    }
}
