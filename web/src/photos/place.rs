//! The list that a visitor came from to a photo's page, and the photos around it there.

use std::fmt;
use std::str::FromStr;

use pawdium_shared::accounts::Name;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Species;
use pawdium_shared::photos::neighbours;
use pawdium_shared::ranking::lists::{NewList, Page, Period, TopList, TrendingList};
use serde::Deserialize;

use crate::error::Error;
use crate::ranking::lists::{self, LAST};
use crate::state::App;
use crate::views::explore::{self, Filter, Tab};
use crate::views::photo::ListPlace;
use crate::views::photo_path;

/// A list of photos that leads to their pages, as in the query `from`: `top:<period>:<species>`, `trending:<species>`,
/// `new:<species>` or `member:<name>`. Lists with pages add the number of a later page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A page of one of Explore's lists.
    List {
        /// The list.
        tab: Tab,
        /// What it shows.
        filter: Filter,
        /// The page, from 1.
        page: i64,
    },
    /// A member's photos.
    Member(Name),
}

/// The text names no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPlace;

/// The query of a photo's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlaceQuery {
    from: String,
}

impl PlaceQuery {
    /// The list; `None` if there is none or it is invalid.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.from.parse().ok()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tab, filter, page) = match self {
            Self::Member(name) => return write!(f, "member:{}", name.as_str()),
            Self::List { tab, filter, page } => (tab, filter, page),
        };
        f.write_str(&tab.path()[1..])?;
        if *tab == Tab::Top {
            write!(f, ":{}", filter.period.name())?;
        }
        write!(f, ":{}", filter.species.map_or("all", Species::name))?;
        if *page > 1 { write!(f, ":{page}") } else { Ok(()) }
    }
}

impl FromStr for Place {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        let mut parts = text.split(':');
        let mut part = || parts.next().ok_or(UnknownPlace);
        let tab = match part()? {
            "member" => {
                let name = Name::new(part()?).map_err(|_| UnknownPlace)?;
                return parts.next().map_or(Ok(Self::Member(name)), |_| Err(UnknownPlace));
            }
            "top" => Tab::Top,
            "trending" => Tab::Trending,
            "new" => Tab::New,
            _ => return Err(UnknownPlace),
        };
        let period = match tab {
            Tab::Top => part()?.parse().map_err(|_| UnknownPlace)?,
            Tab::Trending | Tab::New => Period::All,
        };
        let species = match part()? {
            "all" => None,
            species => Some(species.parse().map_err(|_| UnknownPlace)?),
        };
        let page = parts.next().map_or(Ok(1), str::parse).map_err(|_| UnknownPlace)?;
        if parts.next().is_some() || !(1..=LAST).contains(&page) {
            return Err(UnknownPlace);
        }
        Ok(Self::List { tab, filter: Filter { period, species }, page })
    }
}

impl Place {
    /// The photo's place in the list, for its page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, app: &App, photo: PhotoId) -> Result<ListPlace, Error> {
        match self {
            Self::List { tab, filter, page } => {
                let list = Listed { app, tab: *tab, filter: *filter };
                Ok(list.find(*page, photo).await?.unwrap_or_else(|| list.place(*page, None, None)))
            }
            Self::Member(name) => {
                let mut db = app.db.acquire().await?;
                let around = neighbours::find_by_owner(&mut db, name.as_str(), photo).await?;
                let around = around.unwrap_or_default();
                let from = self.to_string();
                let path = |photo| photo_path(photo, Some(&from));
                Ok(ListPlace {
                    label: name.as_str().to_owned(),
                    path: format!("/members/{}/photos", name.as_str()),
                    previous: around.previous.map(path),
                    next: around.next.map(path),
                    from: from.clone(),
                })
            }
        }
    }
}

/// One of Explore's lists, read through the cache.
struct Listed<'a> {
    app: &'a App,
    tab: Tab,
    filter: Filter,
}

impl Listed<'_> {
    /// Looks for the photo on that page and on those beside it, because lists move.
    async fn find(&self, page: i64, photo: PhotoId) -> Result<Option<ListPlace>, Error> {
        for page in [page, page - 1, page + 1] {
            if !(1..=LAST).contains(&page) {
                continue;
            }
            let here = self.load(page).await?;
            let Some(at) = here.photos.iter().position(|id| *id == photo) else { continue };
            let previous = match at.checked_sub(1) {
                Some(before) => Some((here.photos[before], page)),
                None if page > 1 => self.load(page - 1).await?.photos.last().map(|id| (*id, page - 1)),
                None => None,
            };
            let next = match here.photos.get(at + 1) {
                Some(after) => Some((*after, page)),
                None if page < here.last_page.min(LAST) => {
                    self.load(page + 1).await?.photos.first().map(|id| (*id, page + 1))
                }
                None => None,
            };
            return Ok(Some(self.place(page, previous, next)));
        }
        Ok(None)
    }

    async fn load(&self, page: i64) -> Result<Page<PhotoId>, Error> {
        let Self { app, tab, filter: Filter { period, species } } = *self;
        let page = lists::page_of(page);
        Ok(match tab {
            Tab::Top => app.cache.get(&app.db, TopList { period, species }, page).await?,
            Tab::Trending => app.cache.get(&app.db, TrendingList { species }, page).await?,
            Tab::New => app.cache.get(&app.db, NewList { species }, page).await?,
        })
    }

    fn place(&self, page: i64, previous: Option<(PhotoId, i64)>, next: Option<(PhotoId, i64)>) -> ListPlace {
        let Self { tab, filter, .. } = *self;
        let from = |page| Place::List { tab, filter, page }.to_string();
        let turn = |(photo, page)| photo_path(photo, Some(&from(page)));
        let list = explore::address(tab, filter);
        let path = match page {
            ..=1 => list,
            page if list.contains('?') => format!("{list}&page={page}"),
            page => format!("{list}?page={page}"),
        };
        ListPlace {
            from: from(page),
            label: explore::describe(tab, filter),
            path,
            previous: previous.map(turn),
            next: next.map(turn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_query() {
        for text in
            ["top:all:all", "top:week:cat:3", "trending:all", "trending:dog:2", "new:other", "member:Ada-1"]
        {
            assert_eq!(text.parse::<Place>().map(|place| place.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn nothing_else_is_a_place() {
        for text in [
            "",
            "top",
            "top:week",
            "top:year:cat",
            "top:week:cow",
            "top:all:all:0",
            "top:all:all:x",
            "top:all:all:2:3",
            "top:all:all:99999",
            "new:",
            "member:",
            "member:<b>",
            "member:ada:2",
            "hub:cats",
            "https://evil.test",
            "//evil.test",
        ] {
            assert_eq!(text.parse::<Place>(), Err(UnknownPlace), "{text}");
        }
    }
}
