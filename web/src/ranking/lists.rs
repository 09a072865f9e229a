//! The lists as pages, and as everything else reads them: through the cache.

use axum::extract::{Query, State};
use pawdium_shared::cache::Group;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, Species};
use pawdium_shared::ranking::lists::{self, Page as List, Period};
use serde::Deserialize;

use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::{find, present};
use crate::state::App;
use crate::views::top::{self, TopList, TopPage};
use crate::views::trending::{TrendingList, TrendingPage};
use crate::views::{Fragment, Paging};

/// How many photos a page shows.
const PER_PAGE: i64 = 24;

/// Pages beyond this one are nobody's; it keeps offsets and the cache small.
const LAST: i64 = 10_000;

/// What a list's address says. Nonsense is answered like nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    period: String,
    species: String,
    page: String,
}

impl Choice {
    fn period(&self) -> Period {
        Period::ALL.into_iter().find(|period| period.name() == self.period).unwrap_or_default()
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
    Query(choice): Query<Choice>,
) -> Result<Page<TopPage>, Error> {
    let (period, species) = (choice.period(), choice.species());
    let list = top(&app, period, species, choice.page(), PER_PAGE).await?;
    let period = match period {
        Period::All => top::Period::All,
        Period::Month => top::Period::Month,
        Period::Week => top::Period::Week,
        Period::Day => top::Period::Day,
    };
    let base = top::address(period, species.map(Species::name));
    let list = TopList {
        photos: list.photos.iter().map(|photo| present::card(photo, true)).collect(),
        paging: paging(&list, base),
    };
    let list = Fragment::render(&list).map_err(anyhow::Error::from)?;
    let species = species.map(|species| species.name().to_owned());
    Ok(Page(TopPage { chrome: viewing.chrome, period, species, list }))
}

/// `GET /trending`
pub async fn trending_page(
    State(app): State<App>,
    viewing: Viewing,
    Query(choice): Query<Choice>,
) -> Result<Page<TrendingPage>, Error> {
    let list = trending(&app, choice.page(), PER_PAGE).await?;
    let list = TrendingList {
        photos: list.photos.iter().map(|photo| present::card(photo, false)).collect(),
        paging: paging(&list, "/trending".to_owned()),
    };
    let list = Fragment::render(&list).map_err(anyhow::Error::from)?;
    Ok(Page(TrendingPage { chrome: viewing.chrome, list }))
}

/// A page of a top list, from the cache if it is there.
///
/// # Errors
/// When the database fails.
pub async fn top(
    app: &App,
    period: Period,
    species: Option<Species>,
    page: i64,
    limit: i64,
) -> Result<List<Photo>, Error> {
    let compute = async || -> Result<_, Error> {
        Ok(lists::top(&mut *app.db.acquire().await?, period, species, page, limit).await?)
    };
    let group = Group::top(period, species);
    show(app, app.cache.get_or_keep(&group, &format!("{limit}:{page}"), has_photos, compute).await?).await
}

/// A page of the trending list, from the cache if it is there.
///
/// # Errors
/// When the database fails.
pub async fn trending(app: &App, page: i64, limit: i64) -> Result<List<Photo>, Error> {
    let compute = async || -> Result<_, Error> {
        Ok(lists::trending(&mut *app.db.acquire().await?, page, limit).await?)
    };
    let group = Group::trending();
    show(app, app.cache.get_or_keep(&group, &format!("{limit}:{page}"), has_photos, compute).await?).await
}

/// Pages beyond the last one aren't kept: there are as many as anybody asks for.
fn has_photos(list: &List<PhotoId>) -> bool {
    !list.photos.is_empty()
}

/// The photos of a page; one that was taken down a moment ago is left out.
async fn show(app: &App, list: List<PhotoId>) -> Result<List<Photo>, Error> {
    let List { photos, page, last_page } = list;
    Ok(List { photos: find::list_live(app, &photos).await?, page, last_page })
}

fn paging(list: &List<Photo>, base: String) -> Paging {
    let number = |page: i64| u32::try_from(page).unwrap_or(u32::MAX);
    Paging { page: number(list.page), last_page: number(list.last_page), base }
}
