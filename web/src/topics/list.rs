//! The list of topics.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use pawdium_shared::cache::Whole;
use pawdium_shared::paging::PageOf;
use pawdium_shared::topics::Sort;
use pawdium_shared::topics::cached::{SectionList, TopicList};
use serde::Deserialize;

use crate::baked::Asked;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::ranking::lists::LAST;
use crate::state::App;
use crate::views::Paging;
use crate::views::baked::{BakedHtml, BakedTopics};
use crate::views::topics::{TopicChip, TopicGroup, TopicsPage, list_address};

/// Topics per page.
const PER_PAGE: i64 = 60;

/// The query of the list. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TopicsQuery {
    sort: String,
    page: String,
}

/// `GET /topics`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    query: Result<Query<TopicsQuery>, QueryRejection>,
) -> Result<Page<TopicsPage>, Error> {
    let Query(query) = query.unwrap_or_default();
    Ok(Page(load(&app, &query).await?.within(viewing.chrome)))
}

/// [`page`] for everybody.
///
/// # Errors
/// When the database fails.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    asked.bake(&app, load(&app, &asked.query()?).await?)
}

async fn load(app: &App, query: &TopicsQuery) -> Result<BakedTopics, Error> {
    let sort: Sort = query.sort.parse().unwrap_or_default();
    let page = PageOf { page: query.page.parse().unwrap_or(1).clamp(1, LAST), limit: PER_PAGE };
    let mut list = app.cache.get(&app.db, TopicList { sort }, page).await?;
    if list.page > list.last_page {
        list = app.cache.get(&app.db, TopicList { sort }, PageOf { page: list.last_page, ..page }).await?;
    }
    let mut sections = Vec::new();
    if list.page == 1 {
        sections = app.cache.get(&app.db, SectionList, Whole).await?;
        sections.retain(|section| !section.topics.is_empty());
    }
    let group = |section: pawdium_shared::topics::Section| TopicGroup {
        name: section.name,
        topics: section.topics.iter().map(TopicChip::of).collect(),
    };
    Ok(BakedTopics {
        sort,
        sections: sections.into_iter().map(group).collect(),
        topics: list.photos.iter().map(TopicChip::of).collect(),
        paging: Paging::of(list.page, list.last_page, list_address(sort)),
    })
}
