//! What is being shared right now.

use askama::Template;

use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /trending`.
#[derive(Debug, Template)]
#[template(path = "trending/page.html")]
pub struct TrendingPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The rendered [`TrendingList`].
    pub list: Fragment,
}

/// The photos by virality, with paging. The same for every viewer, so it can be cached.
#[derive(Debug, Template)]
#[template(path = "trending/_list.html")]
pub struct TrendingList {
    /// Liveliest first.
    pub photos: Vec<PhotoCard>,
    /// Where in the list this is.
    pub paging: Paging,
}

impl TrendingList {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 4 }
    }
}
