//! The pages of moderation, which moderators and admins see.

pub mod acts;
pub mod transparency;

use askama::Template;
use chrono::{DateTime, Utc};

use super::picture::described;
use super::{Chrome, Paging, Picture, filters};

/// `GET /moderation`: the newest live photos.
#[derive(Debug, Template)]
#[template(path = "moderation/newest.html")]
pub struct NewestPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The photos, newest first.
    pub photos: Vec<Thumbnail>,
    /// The position in the list.
    pub paging: Paging,
}

/// A photo to look at.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The picture.
    pub picture: Picture,
}

impl Thumbnail {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// `GET /moderation/doubtful`.
#[derive(Debug, Template)]
#[template(path = "moderation/doubtful.html")]
pub struct DoubtfulPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Photos with many doubtful ratings, those with the most first.
    pub photos: Vec<DoubtfulPhoto>,
}

/// A photo with many doubtful ratings.
#[derive(Clone, Debug)]
pub struct DoubtfulPhoto {
    /// The photo's id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its number of ratings.
    pub ratings: i64,
    /// The number of ordinary ratings with the same weight.
    pub weight: f64,
    /// Ratings that came through links.
    pub links: i64,
    /// The most ratings from one network.
    pub crowd: i64,
    /// When the last rating came.
    pub at: DateTime<Utc>,
}

/// `GET /moderation/blocked`.
#[derive(Debug, Template)]
#[template(path = "moderation/blocked.html")]
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

/// `GET /moderation/comments`
#[derive(Debug, Template)]
#[template(path = "moderation/comments.html")]
pub struct HeldCommentsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The comments, the oldest first.
    pub lines: Vec<HeldCommentLine>,
    /// The last comment, if there are later ones.
    pub later: Option<i64>,
    /// Whether this is the first page.
    pub is_first: bool,
}

/// A comment that waits.
#[derive(Clone, Debug)]
pub struct HeldCommentLine {
    /// The comment's id.
    pub id: i64,
    /// The photo's id.
    pub photo: i64,
    /// The photo's title.
    pub title: String,
    /// The author's name.
    pub author: Option<String>,
    /// The text.
    pub text: String,
    /// Whether other accounts have written the same; if not, it is its author's first.
    pub is_repeated: bool,
    /// When it was written.
    pub at: DateTime<Utc>,
}
