//! The trending list.

use askama::Template;

use super::explore::ExploreHead;
use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /trending`.
#[derive(Debug, Template)]
#[template(path = "trending/page.html")]
pub struct TrendingPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The tabs and filters.
    pub head: ExploreHead,
    /// The rendered [`TrendingList`].
    pub list: Fragment,
}

/// The photos by virality, with paging. The list is the same for every viewer, so it can be cached.
#[derive(Debug, Template)]
#[template(path = "trending/_list.html")]
pub struct TrendingList {
    /// The photos, highest virality first.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl TrendingList {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 4 }
    }
}
