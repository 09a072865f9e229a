//! The list of hubs.

use axum::extract::{Query, State};
use chrono::Utc;
use pawdium_shared::hubs::lists::{self, HubFilter, HubSort};
use serde::Deserialize;

use super::facts;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Paging;
use crate::views::hubs::{HubCard, HubHead, HubsPage, address};

/// Hubs per page.
const PER_PAGE: i64 = 24;

/// The last page to serve, which keeps offsets small.
const LAST: i64 = 10_000;

/// The most characters to search for.
const LONGEST_SEARCH: usize = 100;

/// The query of the list. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HubsQuery {
    sort: String,
    q: String,
    page: String,
}

/// `GET /hubs`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(query): Query<HubsQuery>,
) -> Result<Page<HubsPage>, Error> {
    let sort: HubSort = query.sort.parse().unwrap_or_default();
    let text: String = query.q.trim().chars().filter(|c| *c != '\0').take(LONGEST_SEARCH).collect();
    let page = query.page.parse().unwrap_or(1).clamp(1, LAST);
    let viewer = viewing.visitor.id();
    let filter = HubFilter { text, sort, own: false };
    let mut db = app.db.acquire().await?;
    let listed = lists::list(&mut db, viewer, &filter, page, PER_PAGE).await?;
    let ids: Vec<_> = listed.entries.iter().map(|hub| hub.id).collect();
    drop(db);
    let mut facts = facts::find_each(&app, &ids).await?;
    let now = Utc::now();
    let card = |hub: pawdium_shared::hubs::Hub| {
        let facts = facts.remove(&hub.id).unwrap_or_default();
        HubCard {
            path: hub.path(),
            hue: HubHead::hue_of(hub.id.0),
            is_private: !hub.is_public(),
            is_archived: hub.is_archived(),
            is_idle: hub.is_idle(now),
            name: hub.name,
            summary: hub.summary,
            members: facts.members,
            photos: facts.photos,
        }
    };
    let number = |page: i64| u32::try_from(page).unwrap_or(u32::MAX);
    Ok(Page(HubsPage {
        hubs: listed.entries.into_iter().map(card).collect(),
        paging: Paging {
            page: number(listed.page),
            last_page: number(listed.last_page),
            base: address(sort, &filter.text),
        },
        may_make: viewing.visitor.member().is_ok(),
        chrome: viewing.chrome,
        sort,
        text: filter.text,
    }))
}
