//! The top, trending and new pages, and the lists behind them, read through the cache.

use axum::extract::{Query, State};
use axum::response::Redirect;
use pawdium_shared::cache::Cached;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, Species};
use pawdium_shared::ranking::lists::{
    NewList as New, Page as List, PageOf, Period, TopList as Top, TrendingList as Trending,
};
use serde::Deserialize;

use crate::baked::Asked;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::place::Place;
use crate::photos::{find, present};
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedNewest, BakedTop, BakedTrending};
use crate::views::explore::{self, ExploreHead, Filter, Tab};
use crate::views::newest::{NewestList, NewestPage};
use crate::views::top::{TopList, TopPage};
use crate::views::trending::{TrendingList, TrendingPage};
use crate::views::{Fragment, Paging, PhotoCard};

/// Photos per page.
const PER_PAGE: i64 = 24;

/// The last page to serve, which keeps offsets and the cache small.
pub const LAST: i64 = 10_000;

/// The query of a list. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    period: String,
    species: String,
    page: String,
}

impl ListQuery {
    fn period(&self) -> Period {
        self.period.parse().unwrap_or_default()
    }

    fn species(&self) -> Option<Species> {
        self.species.parse().ok()
    }

    fn page(&self) -> PageOf {
        page_of(self.page.parse().unwrap_or(1).clamp(1, LAST))
    }
}

/// That page as the site's pages show it.
#[must_use]
pub fn page_of(page: i64) -> PageOf {
    PageOf { page, limit: PER_PAGE }
}

/// `GET /explore`
pub async fn explore() -> Redirect {
    Redirect::to(Tab::Trending.path())
}

/// `GET /top`
pub async fn top_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<ListQuery>,
) -> Result<Page<TopPage>, Error> {
    Ok(Page(top(&app, &choice).await?.within(viewing.chrome)))
}

/// [`top_page`] for everybody.
///
/// # Errors
/// When the database fails.
pub async fn bake_top(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    asked.bake(&app, top(&app, &asked.query()?).await?)
}

async fn top(app: &App, choice: &ListQuery) -> Result<BakedTop, Error> {
    let (period, species) = (choice.period(), choice.species());
    let list = read_existing(app, Top { period, species }, choice.page()).await?;
    let head = ExploreHead { tab: Tab::Top, filter: Filter { period, species } };
    let (photos, paging) = shown(head, &list);
    let list = Fragment::render(&TopList { photos, paging }).map_err(anyhow::Error::from)?;
    Ok(BakedTop { head, list })
}

/// `GET /trending`
pub async fn trending_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<ListQuery>,
) -> Result<Page<TrendingPage>, Error> {
    Ok(Page(trending(&app, &choice).await?.within(viewing.chrome)))
}

/// [`trending_page`] for everybody.
///
/// # Errors
/// When the database fails.
pub async fn bake_trending(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    asked.bake(&app, trending(&app, &asked.query()?).await?)
}

async fn trending(app: &App, choice: &ListQuery) -> Result<BakedTrending, Error> {
    let species = choice.species();
    let list = read_existing(app, Trending { species }, choice.page()).await?;
    let head = ExploreHead { tab: Tab::Trending, filter: Filter { period: Period::All, species } };
    let (photos, paging) = shown(head, &list);
    let list = Fragment::render(&TrendingList { photos, paging }).map_err(anyhow::Error::from)?;
    Ok(BakedTrending { head, list })
}

/// `GET /new`
pub async fn new_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<ListQuery>,
) -> Result<Page<NewestPage>, Error> {
    Ok(Page(newest(&app, &choice).await?.within(viewing.chrome)))
}

/// [`new_page`] for everybody.
///
/// # Errors
/// When the database fails.
pub async fn bake_new(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    asked.bake(&app, newest(&app, &asked.query()?).await?)
}

async fn newest(app: &App, choice: &ListQuery) -> Result<BakedNewest, Error> {
    let species = choice.species();
    let list = read_existing(app, New { species }, choice.page()).await?;
    let head = ExploreHead { tab: Tab::New, filter: Filter { period: Period::All, species } };
    let (photos, paging) = shown(head, &list);
    let list = Fragment::render(&NewestList { photos, paging }).map_err(anyhow::Error::from)?;
    Ok(BakedNewest { head, list })
}

/// A page of a list, through the cache. Leaves out photos that have just been hidden or deleted.
///
/// # Errors
/// When the database fails.
pub async fn read<L>(app: &App, list: L, page: PageOf) -> Result<List<Photo>, Error>
where
    L: Cached<Part = PageOf, Data = List<PhotoId>>,
{
    let List { photos, page, last_page } = app.cache.get(&app.db, list, page).await?;
    Ok(List { photos: find::list_live(app, &photos).await?, page, last_page })
}

/// Like [`read`], but beyond the last page that one is meant.
///
/// # Errors
/// When the database fails.
pub(crate) async fn read_existing<L>(app: &App, list: L, page: PageOf) -> Result<List<Photo>, Error>
where
    L: Cached<Part = PageOf, Data = List<PhotoId>>,
{
    let found = read(app, list, page).await?;
    if found.page <= found.last_page {
        return Ok(found);
    }
    read(app, list, PageOf { page: found.last_page, ..page }).await
}

fn shown(head: ExploreHead, list: &List<Photo>) -> (Vec<PhotoCard>, Paging) {
    let ExploreHead { tab, filter } = head;
    let place = Place::List { tab, filter, page: list.page };
    let is_ranked = tab == Tab::Top;
    let cards = list.photos.iter().map(|photo| present::card_in(&place, photo, is_ranked));
    (cards.collect(), Paging::of(list.page, list.last_page, explore::address(tab, filter)))
}
