//! The ratings that the viewer has cast.

use askama::Template;
use chrono::{DateTime, Utc};

use super::picture::described;
use super::{Chrome, Picture, filters};

/// `GET /ratings`.
#[derive(Debug, Template)]
#[template(path = "ratings/page.html")]
pub struct CastPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The ratings, newest first.
    pub lines: Vec<CastLine>,
    /// Where this page begins; `None` for the first.
    pub before: Option<String>,
    /// Where the next page begins; `None` for the last.
    pub older: Option<String>,
}

/// A rating.
#[derive(Clone, Debug)]
pub struct CastLine {
    /// The photo's id.
    pub photo: i64,
    /// 1 to 10.
    pub value: i64,
    /// When it was given, or last changed.
    pub rated_at: DateTime<Utc>,
    /// The photo; `None` if nobody sees it any more.
    pub shown: Option<CastPhoto>,
}

/// A photo that was rated.
#[derive(Clone, Debug)]
pub struct CastPhoto {
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The picture.
    pub picture: Picture,
}

impl CastLine {
    fn is(&self, value: i64) -> bool {
        self.value == value
    }

    fn title(&self) -> &str {
        self.shown.as_ref().map_or("A photo that is gone", |shown| shown.title.as_str())
    }
}

impl CastPhoto {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}
