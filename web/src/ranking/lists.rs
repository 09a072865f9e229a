//! The top and trending pages, and the lists behind them, read through the cache.

use axum::extract::{Query, State};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, Species};
use pawdium_shared::ranking::lists::{
    Page as List, PageOf, Period, TopList as Top, TrendingList as Trending,
};
use serde::Deserialize;

use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::{find, present};
use crate::state::App;
use crate::views::top::{self, TopList, TopPage};
use crate::views::trending::{TrendingList, TrendingPage};
use crate::views::{Fragment, Paging};

/// Photos per page.
const PER_PAGE: i64 = 24;

/// The last page to serve, which keeps offsets and the cache small.
const LAST: i64 = 10_000;

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

    fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).clamp(1, LAST)
    }
}

/// `GET /top`
pub async fn top_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<ListQuery>,
) -> Result<Page<TopPage>, Error> {
    let (period, species) = (choice.period(), choice.species());
    let page = PageOf { page: choice.page(), limit: PER_PAGE };
    let list = top(&app, Top { period, species }, page).await?;
    let base = top::address(period, species);
    let list = TopList {
        photos: list.photos.iter().map(|photo| present::card(photo, true)).collect(),
        paging: Paging::of(list.page, list.last_page, base),
    };
    let list = Fragment::render(&list).map_err(anyhow::Error::from)?;
    Ok(Page(TopPage { chrome: viewing.chrome, period, species, list }))
}

/// `GET /trending`
pub async fn trending_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<ListQuery>,
) -> Result<Page<TrendingPage>, Error> {
    let list = trending(&app, PageOf { page: choice.page(), limit: PER_PAGE }).await?;
    let list = TrendingList {
        photos: list.photos.iter().map(|photo| present::card(photo, false)).collect(),
        paging: Paging::of(list.page, list.last_page, "/trending".to_owned()),
    };
    let list = Fragment::render(&list).map_err(anyhow::Error::from)?;
    Ok(Page(TrendingPage { chrome: viewing.chrome, list }))
}

/// A page of a top list, through the cache.
///
/// # Errors
/// When the database fails.
pub async fn top(app: &App, list: Top, page: PageOf) -> Result<List<Photo>, Error> {
    show(app, app.cache.get(&app.db, list, page).await?).await
}

/// A page of the trending list, through the cache.
///
/// # Errors
/// When the database fails.
pub async fn trending(app: &App, page: PageOf) -> Result<List<Photo>, Error> {
    show(app, app.cache.get(&app.db, Trending, page).await?).await
}

/// Loads the photos of a page. Leaves out photos that have just been hidden or deleted.
async fn show(app: &App, list: List<PhotoId>) -> Result<List<Photo>, Error> {
    let List { photos, page, last_page } = list;
    Ok(List { photos: find::list_live(app, &photos).await?, page, last_page })
}
