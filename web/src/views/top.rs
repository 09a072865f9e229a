//! The ranked list.

use askama::Template;

use super::{Chrome, Fragment, Paging, PhotoCard, PhotoGrid, SPECIES, filters};

/// `GET /top`.
#[derive(Debug, Template)]
#[template(path = "top/page.html")]
pub struct TopPage {
    /// Around the page.
    pub chrome: Chrome,
    /// Whose time it is.
    pub period: Period,
    /// A species' key, or none for all.
    pub species: Option<String>,
    /// The rendered [`TopList`].
    pub list: Fragment,
}

impl TopPage {
    fn is_species(&self, key: &str) -> bool {
        self.species.as_deref() == Some(key)
    }
}

/// The address of a list, without its page: what [`Paging::base`] wants.
#[must_use]
pub fn address(period: Period, species: Option<&str>) -> String {
    match (period, species) {
        (Period::All, None) => "/top".to_owned(),
        (Period::All, Some(species)) => format!("/top?species={species}"),
        (period, None) => format!("/top?period={}", period.key()),
        (period, Some(species)) => format!("/top?period={}&species={species}", period.key()),
    }
}

/// The photos by score, with paging. The same for every viewer, so it can be cached.
#[derive(Debug, Template)]
#[template(path = "top/_list.html")]
pub struct TopList {
    /// Best first; the first three of the first page stand on the podium.
    pub photos: Vec<PhotoCard>,
    /// Where in the list this is.
    pub paging: Paging,
}

impl TopList {
    /// Three make a podium; fewer are a grid.
    fn podium(&self) -> &[PhotoCard] {
        if self.paging.page <= 1 { self.photos.get(..3).unwrap_or_default() } else { &[] }
    }

    fn rest(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos[self.podium().len()..], eager: 4 }
    }
}

/// Which ratings count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// All of them.
    #[default]
    All,
    /// The last 30 days.
    Month,
    /// The last seven days.
    Week,
    /// The last 24 hours.
    Day,
}

impl Period {
    /// In the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Month, Self::Week, Self::Day];

    /// The value in the URL.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
        }
    }

    /// What the tab says.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All time",
            Self::Month => "Month",
            Self::Week => "Week",
            Self::Day => "Today",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_only_what_differs_from_the_whole_list() {
        assert_eq!(address(Period::All, None), "/top");
        assert_eq!(address(Period::Week, None), "/top?period=week");
        assert_eq!(address(Period::All, Some("cat")), "/top?species=cat");
        assert_eq!(address(Period::Day, Some("cat")), "/top?period=day&species=cat");
    }
}
