//! The photos of a hub, and a photo's hubs.

use askama::Template;

use super::hubs::HubHead;
use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /h/{slug}/photos`.
#[derive(Debug, Template)]
#[template(path = "hubs/photos.html")]
pub struct HubPhotosPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// The hub's name.
    pub name: String,
    /// The path of the hub's page.
    pub path: String,
    /// Whether the viewer can post photos to it.
    pub may_post: bool,
    /// The photos, the latest first.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl HubPhotosPage {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 8 }
    }
}

/// `GET /h/{slug}/top`.
#[derive(Debug, Template)]
#[template(path = "hubs/top.html")]
pub struct HubTopPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// The hub's name.
    pub name: String,
    /// The path of the hub's page.
    pub path: String,
    /// The rendered [`TopList`](super::top::TopList); `None` if no photo is ranked yet.
    pub list: Option<Fragment>,
}

/// A hub beside a photo.
#[derive(Clone, Debug)]
pub struct PhotoHub {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether only its members see it.
    pub is_private: bool,
    /// Whether the viewer can see the hub.
    pub may_visit: bool,
    /// Whether the viewer can remove the photo from it.
    pub may_remove: bool,
}

/// The hubs on a photo's page. Draws nothing if there are none.
#[derive(Debug, Default, Template)]
#[template(path = "photo/_hubs.html")]
pub struct PhotoHubs {
    /// The photo's id.
    pub id: i64,
    /// The hubs that show it and that the viewer may see.
    pub showing: Vec<PhotoHub>,
    /// The hubs to which the viewer can post it.
    pub others: Vec<PhotoHub>,
}

/// A hub to choose when submitting.
#[derive(Clone, Debug)]
pub struct HubChoice {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}
