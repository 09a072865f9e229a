//! Explore: the lists of photos as tabs with one row of filters.

use askama::Template;
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::lists::Period;
use strum::VariantArray;

use super::species::many;

/// A list of photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum Tab {
    /// By virality.
    Trending,
    /// By score.
    Top,
    /// By age.
    New,
}

impl Tab {
    /// The path of the page.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Trending => "/trending",
            Self::Top => "/top",
            Self::New => "/new",
        }
    }

    /// The name on the tab.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Trending => "Trending",
            Self::Top => "Top",
            Self::New => "New",
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Trending => "Trending",
            Self::Top => "The podium",
            Self::New => "Fresh arrivals",
        }
    }

    const fn lead(self) -> &'static str {
        match self {
            Self::Trending => "Passed around the most, right now.",
            Self::Top => "The derpiest of all, as everybody rated them.",
            Self::New => "Just in, hardly rated yet.",
        }
    }
}

/// What a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// How far it looks back; always all for lists without periods.
    pub period: Period,
    /// The species; `None` for all.
    pub species: Option<Species>,
}

/// The URL of a list without its page, for [`Paging::base`](super::Paging::base).
#[must_use]
pub fn address(tab: Tab, filter: Filter) -> String {
    let path = tab.path();
    match (filter.period, filter.species) {
        (Period::All, None) => path.to_owned(),
        (Period::All, Some(species)) => format!("{path}?species={species}"),
        (period, None) => format!("{path}?period={}", period.name()),
        (period, Some(species)) => format!("{path}?period={}&species={species}", period.name()),
    }
}

/// The name of a list with its filter: "Top, week, cats".
#[must_use]
pub fn describe(tab: Tab, filter: Filter) -> String {
    let mut text = tab.label().to_owned();
    if filter.period != Period::All {
        text.push_str(", ");
        text.push_str(&label(filter.period).to_lowercase());
    }
    if let Some(species) = filter.species {
        text.push_str(", ");
        text.push_str(&many(species).to_lowercase());
    }
    text
}

/// The tabs, the heading and the filters above a list.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "explore/_head.html")]
pub struct ExploreHead {
    /// The list.
    pub tab: Tab,
    /// What it shows.
    pub filter: Filter,
}

impl ExploreHead {
    fn has_periods(self) -> bool {
        self.tab == Tab::Top
    }

    /// The list behind another tab, with the same species.
    fn tab_address(self, tab: Tab) -> String {
        let period = if tab == Tab::Top && self.has_periods() { self.filter.period } else { Period::All };
        address(tab, Filter { period, ..self.filter })
    }

    fn period_address(self, period: Period) -> String {
        address(self.tab, Filter { period, ..self.filter })
    }

    fn species_address(self, species: Option<Species>) -> String {
        address(self.tab, Filter { species, ..self.filter })
    }
}

/// The label of a period.
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
        let address = |tab, period, species| address(tab, Filter { period, species });
        assert_eq!(address(Tab::Top, Period::All, None), "/top");
        assert_eq!(address(Tab::Top, Period::Week, None), "/top?period=week");
        assert_eq!(address(Tab::New, Period::All, Some(Species::Cat)), "/new?species=cat");
        assert_eq!(address(Tab::Top, Period::Day, Some(Species::Cat)), "/top?period=day&species=cat");
    }

    #[test]
    fn a_list_is_named_with_its_filter() {
        let describe = |tab, period, species| describe(tab, Filter { period, species });
        assert_eq!(describe(Tab::Trending, Period::All, None), "Trending");
        assert_eq!(describe(Tab::Top, Period::Day, Some(Species::Other)), "Top, today, everything else");
    }
}
