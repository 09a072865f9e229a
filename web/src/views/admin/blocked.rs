use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin/blocked`.
#[derive(Debug, Template)]
#[template(path = "admin/blocked.html")]
pub struct BlockedPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The entries, newest first.
    pub lines: Vec<BlockedLine>,
    /// The URL of the next page; `None` on the last page.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub later: bool,
    /// Whether the viewer can unblock pictures.
    pub may_act: bool,
}

/// A blocked picture.
#[derive(Clone, Debug)]
pub struct BlockedLine {
    /// The entry's id.
    pub id: i64,
    /// The original's BLAKE3 hash, in hex.
    pub original: Option<String>,
    /// The picture's fingerprint in hex.
    pub look: Option<String>,
    /// The reason.
    pub reason: String,
    /// The photo it was blocked with, unless that is gone.
    pub photo: Option<i64>,
    /// Who blocked it.
    pub blocker: String,
    /// When.
    pub at: DateTime<Utc>,
    /// How many submissions were refused because of it.
    pub refused: i64,
}

impl BlockedLine {
    /// The start of the original's hash.
    fn file(&self) -> &str {
        self.original.as_deref().and_then(|hash| hash.get(..16)).unwrap_or_default()
    }
}
