//! The search page.

use askama::Template;
use pawdium_shared::search::queries::MOST_PHOTOS;

use super::topics::TopicChip;
use super::{Chrome, Face, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /search`.
#[derive(Debug, Template)]
#[template(path = "search/page.html")]
pub struct SearchPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What was searched for; empty before the first search.
    pub query: String,
    /// The photos.
    pub photos: FoundPhotos,
    /// The members.
    pub members: Vec<Face>,
    /// The hubs.
    pub hubs: Vec<HubResult>,
    /// The topics.
    pub topics: Vec<TopicChip>,
}

/// The photos that were found.
#[derive(Clone, Debug, Default)]
pub struct FoundPhotos {
    /// Those to show.
    pub photos: Vec<PhotoCard>,
    /// How many there are, up to [`MOST_PHOTOS`].
    pub total: usize,
    /// The position among all of them; `None` if the page shows only a few beside other results.
    pub paging: Option<Paging>,
}

/// A hub that was found.
#[derive(Clone, Debug)]
pub struct HubResult {
    /// The path of its page.
    pub path: String,
    /// Its name.
    pub name: String,
    /// One sentence about it; may be empty.
    pub summary: String,
}

impl SearchPage {
    /// The page of a search that has found nothing.
    #[must_use]
    pub fn new(chrome: Chrome, query: String) -> Self {
        Self {
            chrome,
            query,
            photos: FoundPhotos::default(),
            members: Vec::new(),
            hubs: Vec::new(),
            topics: Vec::new(),
        }
    }

    /// The URL of all photos.
    #[must_use]
    pub fn photos_path(&self) -> String {
        format!("{}&in=photos", self.path())
    }

    /// The URL of this search.
    fn path(&self) -> String {
        let query: String = url::form_urlencoded::byte_serialize(self.query.as_bytes()).collect();
        format!("/search?q={query}")
    }

    fn is_empty(&self) -> bool {
        self.photos.total == 0 && self.members.is_empty() && self.hubs.is_empty() && self.topics.is_empty()
    }

    fn has_more_photos(&self) -> bool {
        self.photos.paging.is_none() && self.photos.total > self.photos.photos.len()
    }

    /// How many photos there are, in words.
    fn count(&self) -> String {
        let total = i64::try_from(self.photos.total).unwrap_or(i64::MAX);
        match total {
            1 => "1 photo".to_owned(),
            total if total >= MOST_PHOTOS => format!("{} photos or more", super::grouped(total)),
            total => format!("{} photos", super::grouped(total)),
        }
    }

    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos.photos, eager: 4 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_escaped_in_its_address() {
        let page = SearchPage::new(Chrome::default(), "cats & dogs #1?\"".to_owned());
        assert_eq!(page.photos_path(), "/search?q=cats+%26+dogs+%231%3F%22&in=photos");
    }
}
