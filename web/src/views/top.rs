//! The ranked list.

use askama::Template;

use super::explore::ExploreHead;
use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /top`.
#[derive(Debug, Template)]
#[template(path = "top/page.html")]
pub struct TopPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The tabs and filters.
    pub head: ExploreHead,
    /// The rendered [`TopList`].
    pub list: Fragment,
}

/// The photos by score, with paging. The list is the same for every viewer, so it can be cached.
#[derive(Debug, Template)]
#[template(path = "top/_list.html")]
pub struct TopList {
    /// The photos, best first. The first three on the first page are the podium.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl TopList {
    /// The first three photos. Fewer than three are shown as a grid.
    fn podium(&self) -> &[PhotoCard] {
        if self.paging.page <= 1 { self.photos.get(..3).unwrap_or_default() } else { &[] }
    }

    fn rest(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos[self.podium().len()..], eager: 4 }
    }
}
