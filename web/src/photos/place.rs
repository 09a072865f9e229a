//! The list that a visitor came from to a photo's page, and the photos around it there.

use std::fmt;
use std::str::FromStr;

use pawdium_shared::accounts::Name;
use pawdium_shared::hubs::{Hub, Slug};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::paging::PageOf;
use pawdium_shared::photos::hub_photos::HubPhotoList;
use pawdium_shared::photos::tag::key_of;
use pawdium_shared::photos::{Species, neighbours};
use pawdium_shared::ranking::hub_top::HubTopList;
use pawdium_shared::ranking::lists::{NewList, Page, Period, TopList, TrendingList};
use pawdium_shared::topics::cached::TopicPhotos;
use pawdium_shared::topics::{Order, Topic};
use serde::Deserialize;

use super::posting::PER_PAGE;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::hubs::access::find_visible_hub;
use crate::ranking::lists::{self, LAST};
use crate::state::App;
use crate::topics;
use crate::views::explore::{self, Filter, Tab};
use crate::views::photo::ListPlace;
use crate::views::{self, photo_path};

/// A list of photos that leads to their pages, as in the query `from`: `top:<period>:<species>`, `trending:<species>`,
/// `new:<species>`, `topic:<key>`, `topic-top:<key>`, `hub:<slug>`, `hub-top:<slug>` or `member:<name>`. Lists with pages
/// add the number of a later page.
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
    /// A page of a hub's photos.
    Hub {
        /// The hub's slug.
        slug: String,
        /// Whether the best come first, rather than the latest.
        by_score: bool,
        /// The page, from 1.
        page: i64,
    },
    /// A page of a topic's photos.
    Topic {
        /// The topic's key.
        key: String,
        /// Which come first.
        order: Order,
        /// The page, from 1.
        page: i64,
    },
    /// A member's photos.
    Member(Name),
}

/// The last page of a hub's list.
pub(super) const LAST_OF_HUB: i64 = 10_000;

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
            Self::Hub { slug, by_score, page } => {
                f.write_str(if *by_score { "hub-top:" } else { "hub:" })?;
                f.write_str(slug)?;
                return if *page > 1 { write!(f, ":{page}") } else { Ok(()) };
            }
            Self::Topic { key, order, page } => {
                f.write_str(if *order == Order::Top { "topic-top:" } else { "topic:" })?;
                f.write_str(key)?;
                return if *page > 1 { write!(f, ":{page}") } else { Ok(()) };
            }
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
            kind @ ("hub" | "hub-top") => {
                let slug = Slug::new(part()?).map_err(|_| UnknownPlace)?.as_str().to_owned();
                let page = parts.next().map_or(Ok(1), str::parse).map_err(|_| UnknownPlace)?;
                if parts.next().is_some() || !(1..=LAST_OF_HUB).contains(&page) {
                    return Err(UnknownPlace);
                }
                return Ok(Self::Hub { slug, by_score: kind == "hub-top", page });
            }
            kind @ ("topic" | "topic-top") => {
                let key = part()?.to_owned();
                let page = parts.next().map_or(Ok(1), str::parse).map_err(|_| UnknownPlace)?;
                if key.is_empty()
                    || key_of(&key) != key
                    || parts.next().is_some()
                    || !(1..=LAST).contains(&page)
                {
                    return Err(UnknownPlace);
                }
                let order = if kind == "topic" { Order::New } else { Order::Top };
                return Ok(Self::Topic { key, order, page });
            }
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
    /// A page of a hub's photos.
    #[must_use]
    pub fn in_hub(hub: &Hub, by_score: bool, page: i64) -> Self {
        Self::Hub { slug: hub.slug.clone().unwrap_or_default(), by_score, page }
    }

    /// The photo's place in the list, for its page; `None` if the visitor may not see the list.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        app: &App,
        visitor: &Visitor,
        photo: PhotoId,
    ) -> Result<Option<ListPlace>, Error> {
        let (list, page) = match self {
            Self::List { tab, filter, page } => (List::Explore(*tab, *filter), *page),
            Self::Hub { slug, by_score, page } => match find_visible_hub(app, visitor, slug).await {
                Ok(hub) => (List::Hub { hub, by_score: *by_score }, *page),
                Err(Error::NotFound) => return Ok(None),
                Err(error) => return Err(error),
            },
            Self::Topic { key, order, page } => match topics::find::find(app, key).await? {
                Some(found) => (List::Topic(found.topic, *order), *page),
                None => return Ok(None),
            },
            Self::Member(name) => return self.among_member(app, name, photo).await.map(Some),
        };
        let list = Listed { app, list };
        Ok(Some(list.find(page, photo).await?.unwrap_or_else(|| list.place(page, None, None))))
    }

    async fn among_member(&self, app: &App, name: &Name, photo: PhotoId) -> Result<ListPlace, Error> {
        let mut db = app.db.acquire().await?;
        let around = neighbours::find_by_owner(&mut db, name.as_str(), photo).await?.unwrap_or_default();
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

/// A list with pages.
enum List {
    /// One of Explore's, read through the cache.
    Explore(Tab, Filter),
    /// A hub's.
    Hub { hub: Hub, by_score: bool },
    /// A topic's.
    Topic(Topic, Order),
}

impl List {
    fn last(&self) -> i64 {
        match self {
            Self::Explore(..) | Self::Topic(..) => LAST,
            Self::Hub { .. } => LAST_OF_HUB,
        }
    }
}

struct Listed<'a> {
    app: &'a App,
    list: List,
}

impl Listed<'_> {
    /// Looks for the photo on that page and on those beside it, because lists move.
    async fn find(&self, page: i64, photo: PhotoId) -> Result<Option<ListPlace>, Error> {
        for page in [page, page - 1, page + 1] {
            if !(1..=self.list.last()).contains(&page) {
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
                None if page < here.last_page.min(self.list.last()) => {
                    self.load(page + 1).await?.photos.first().map(|id| (*id, page + 1))
                }
                None => None,
            };
            return Ok(Some(self.place(page, previous, next)));
        }
        Ok(None)
    }

    async fn load(&self, page: i64) -> Result<Page<PhotoId>, Error> {
        let app = self.app;
        let (tab, Filter { period, species }) = match &self.list {
            List::Explore(tab, filter) => (*tab, *filter),
            List::Hub { hub, by_score } => {
                let page = PageOf { page, limit: PER_PAGE };
                if !by_score {
                    return Ok(app.cache.get(&app.db, HubPhotoList(hub.id), page).await?);
                }
                let list = app.cache.get(&app.db, HubTopList(hub.id), page).await?;
                let Page { photos, page, last_page } = list;
                let photos = photos.into_iter().map(|placed| placed.photo).collect();
                return Ok(Page { photos, page, last_page });
            }
            List::Topic(topic, order) => {
                let list = TopicPhotos { topic: topic.id, order: *order };
                return Ok(app.cache.get(&app.db, list, lists::page_of(page)).await?);
            }
        };
        let page = lists::page_of(page);
        Ok(match tab {
            Tab::Top => app.cache.get(&app.db, TopList { period, species }, page).await?,
            Tab::Trending => app.cache.get(&app.db, TrendingList { species }, page).await?,
            Tab::New => app.cache.get(&app.db, NewList { species }, page).await?,
        })
    }

    fn place(&self, page: i64, previous: Option<(PhotoId, i64)>, next: Option<(PhotoId, i64)>) -> ListPlace {
        let from = |page| match &self.list {
            List::Explore(tab, filter) => Place::List { tab: *tab, filter: *filter, page }.to_string(),
            List::Hub { hub, by_score } => Place::in_hub(hub, *by_score, page).to_string(),
            List::Topic(topic, order) => {
                Place::Topic { key: topic.key.clone(), order: *order, page }.to_string()
            }
        };
        let turn = |(photo, page)| photo_path(photo, Some(&from(page)));
        let (label, list) = match &self.list {
            List::Explore(tab, filter) => (explore::describe(*tab, *filter), explore::address(*tab, *filter)),
            List::Hub { hub, by_score: true } => {
                (format!("Top of {}", hub.name), format!("{}/top", hub.path()))
            }
            List::Hub { hub, .. } => (hub.name.clone(), format!("{}/photos", hub.path())),
            List::Topic(topic, order) => {
                (topic.name.clone(), views::topics::address(&topic.key, &[], *order))
            }
        };
        let path = match page {
            ..=1 => list,
            page if list.contains('?') => format!("{list}&page={page}"),
            page => format!("{list}?page={page}"),
        };
        ListPlace { from: from(page), label, path, previous: previous.map(turn), next: next.map(turn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_query() {
        for text in [
            "top:all:all",
            "top:week:cat:3",
            "trending:all",
            "trending:dog:2",
            "new:other",
            "member:Ada-1",
            "topic:zwölf",
            "topic-top:upside-down:3",
            "hub:cats",
            "hub-top:cats:3",
        ] {
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
            "topic:",
            "topic:Cat",
            "topic:a b",
            "topic:cat:0",
            "member:<b>",
            "member:ada:2",
            "hub",
            "hub:",
            "hub:<b>",
            "hub:cats:0",
            "hub-top:cats:2:3",
            "https://evil.test",
            "//evil.test",
        ] {
            assert_eq!(text.parse::<Place>(), Err(UnknownPlace), "{text}");
        }
    }
}
