//! The ranked list.

use askama::Template;
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::lists::Period;
use strum::VariantArray as _;

use super::species::many;
use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /top`.
#[derive(Debug, Template)]
#[template(path = "top/page.html")]
pub struct TopPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The period.
    pub period: Period,
    /// The species; `None` for all.
    pub species: Option<Species>,
    /// The rendered [`TopList`].
    pub list: Fragment,
}

/// The URL of a list without its page, for [`Paging::base`].
#[must_use]
pub fn address(period: Period, species: Option<Species>) -> String {
    match (period, species) {
        (Period::All, None) => "/top".to_owned(),
        (Period::All, Some(species)) => format!("/top?species={species}"),
        (period, None) => format!("/top?period={}", period.name()),
        (period, Some(species)) => format!("/top?period={}&species={species}", period.name()),
    }
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

/// The label of a period's tab.
const fn label(period: Period) -> &'static str {
    match period {
        Period::All => "All time",
        Period::Month => "Month",
        Period::Week => "Week",
        Period::Day => "Today",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_only_what_differs_from_the_whole_list() {
        assert_eq!(address(Period::All, None), "/top");
        assert_eq!(address(Period::Week, None), "/top?period=week");
        assert_eq!(address(Period::All, Some(Species::Cat)), "/top?species=cat");
        assert_eq!(address(Period::Day, Some(Species::Cat)), "/top?period=day&species=cat");
    }
}
