use askama::Template;
use chrono::{DateTime, Utc};

use super::super::{Chrome, filters};

/// `GET /admin/blocked`.
#[derive(Debug, Template)]
#[template(path = "admin/blocked.html")]
pub struct BlockedPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The newest first.
    pub lines: Vec<BlockedLine>,
    /// The address of the next page; none on the last.
    pub older: Option<String>,
    /// This is not the first page.
    pub later: bool,
    /// The viewer may let pictures in again.
    pub may_act: bool,
}

/// A picture that is kept out.
#[derive(Clone, Debug)]
pub struct BlockedLine {
    /// The entry's number.
    pub id: i64,
    /// The original's BLAKE3 hash, in hex.
    pub original: Option<String>,
    /// What the picture looks like, in hex.
    pub look: Option<String>,
    /// Why.
    pub reason: String,
    /// The photo that it was taken from, unless that is gone.
    pub photo: Option<i64>,
    /// By whom.
    pub blocker: String,
    /// When.
    pub at: DateTime<Utc>,
    /// How many uploads were refused for it.
    pub refused: i64,
}

impl BlockedLine {
    /// The start of the original's hash.
    fn file(&self) -> &str {
        self.original.as_deref().and_then(|hash| hash.get(..16)).unwrap_or_default()
    }
}
