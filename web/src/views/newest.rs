//! The newest photos.

use askama::Template;

use super::explore::ExploreHead;
use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /new`.
#[derive(Debug, Template)]
#[template(path = "newest/page.html")]
pub struct NewestPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The tabs and filters.
    pub head: ExploreHead,
    /// The rendered [`NewestList`].
    pub list: Fragment,
}

/// The photos that went live last, with paging. The list is the same for every viewer.
#[derive(Debug, Template)]
#[template(path = "newest/_list.html")]
pub struct NewestList {
    /// The photos, newest first.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl NewestList {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 4 }
    }
}
