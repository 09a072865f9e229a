use std::fmt::Display;

use askama::Template;

use super::picture::described;
use super::{Picture, filters};

/// A photo in a grid or list.
#[derive(Clone, Debug)]
pub struct PhotoCard {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The picture.
    pub picture: Picture,
    /// The rank by score, in ranked lists.
    pub rank: Option<i64>,
    /// The plain mean, in ranked lists; `None` without ratings.
    pub mean: Option<f64>,
    /// The number of ratings.
    pub count: i64,
    /// The list that shows the card, as in the query of the photo's page. The page then leads to the photos around it.
    pub from: Option<String>,
}

impl PhotoCard {
    /// The URL of the photo's page.
    pub(super) fn path(&self) -> String {
        photo_path(self.id, self.from.as_deref())
    }

    pub(super) fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// The URL of a photo's page, with the list that leads there.
pub(crate) fn photo_path(id: impl Display, from: Option<&str>) -> String {
    match from {
        Some(from) => format!("/photos/{id}?from={from}"),
        None => format!("/photos/{id}"),
    }
}

/// A grid of photos.
#[derive(Debug, Template)]
#[template(path = "listing/_grid.html")]
pub struct PhotoGrid<'a> {
    /// The photos in order.
    pub photos: &'a [PhotoCard],
    /// How many pictures to load eagerly, because they are visible at once.
    pub eager: usize,
}

/// The position in a paged list.
#[derive(Clone, Debug)]
pub struct Paging {
    /// The page, from 1.
    pub page: u32,
    /// The last page, at least 1.
    pub last_page: u32,
    /// The path and query of the list without `page`, such as `/top?period=week`.
    pub base: String,
}

impl Paging {
    /// The position on a page of a list from the database.
    #[must_use]
    pub fn of(page: i64, last_page: i64, base: String) -> Self {
        let number = |page| u32::try_from(page).unwrap_or(u32::MAX);
        Self { page: number(page), last_page: number(last_page), base }
    }

    /// The URL of a page.
    #[must_use]
    pub fn href(&self, page: u32) -> String {
        match (page, self.base.contains('?')) {
            (0 | 1, _) => self.base.clone(),
            (page, true) => format!("{}&page={page}", self.base),
            (page, false) => format!("{}?page={page}", self.base),
        }
    }

    /// The pages to link to: the first, the last and those around this one. `None` is a gap.
    #[must_use]
    pub fn steps(&self) -> Vec<Option<u32>> {
        let mut steps = Vec::new();
        let mut previous = 0;
        for page in 1..=self.last_page {
            if page == 1 || page == self.last_page || page.abs_diff(self.page) <= 1 {
                if page > previous + 1 {
                    steps.push(None);
                }
                steps.push(Some(page));
                previous = page;
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::Paging;

    #[test]
    fn far_pages_are_left_out() {
        let paging = Paging { page: 6, last_page: 40, base: "/top?period=week".to_owned() };
        assert_eq!(paging.steps(), [Some(1), None, Some(5), Some(6), Some(7), None, Some(40)]);
        assert_eq!(paging.href(7), "/top?period=week&page=7");
        assert_eq!(paging.href(1), "/top?period=week");
    }

    #[test]
    fn one_page_is_one_step() {
        let paging = Paging { page: 1, last_page: 1, base: "/trending".to_owned() };
        assert_eq!(paging.steps(), [Some(1)]);
        assert_eq!(paging.href(2), "/trending?page=2");
    }
}
