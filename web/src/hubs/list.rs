//! The list of hubs.

use axum::extract::{Query, State};
use chrono::Utc;
use pawdium_shared::cache::depend_on;
use pawdium_shared::hubs::lists::{self, HubFilter, HubSort};
use pawdium_shared::hubs::shown::HubLists;
use pawdium_shared::ids::UserId;
use serde::Deserialize;

use super::facts;
use crate::baked::Asked;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Paging;
use crate::views::baked::{BakedHtml, BakedHubs};
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

impl HubsQuery {
    fn sort(&self) -> HubSort {
        self.sort.parse().unwrap_or_default()
    }

    fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).clamp(1, LAST)
    }
}

/// `GET /hubs`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(query): Query<HubsQuery>,
) -> Result<Page<HubsPage>, Error> {
    let (sort, page) = (query.sort(), query.page());
    let text: String = query.q.trim().chars().filter(|c| *c != '\0').take(LONGEST_SEARCH).collect();
    let viewer = viewing.visitor.id();
    let (hubs, paging) = find(&app, viewer, HubFilter { text: text.clone(), sort, own: false }, page).await?;
    let may_make = viewing.visitor.member().is_ok();
    Ok(Page(HubsPage { hubs, paging, may_make, chrome: viewing.chrome, sort, text }))
}

/// [`page`] of the public hubs for everybody.
///
/// # Errors
/// When the database fails.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let query: HubsQuery = asked.query()?;
    let (sort, page) = (query.sort(), query.page());
    depend_on(HubLists);
    let filter = HubFilter { text: String::new(), sort, own: false };
    let (hubs, paging) = find(&app, Visitor::nobody().id(), filter, page).await?;
    asked.bake(&app, BakedHubs { sort, hubs, paging })
}

/// A page of the hubs that a viewer may see.
async fn find(
    app: &App,
    viewer: UserId,
    filter: HubFilter,
    page: i64,
) -> Result<(Vec<HubCard>, Paging), Error> {
    let mut db = app.db.acquire().await?;
    let listed = lists::list(&mut db, viewer, &filter, page, PER_PAGE).await?;
    let ids: Vec<_> = listed.entries.iter().map(|hub| hub.id).collect();
    drop(db);
    let mut facts = facts::find_each(app, &ids).await?;
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
    let paging = Paging::of(listed.page, listed.last_page, address(filter.sort, &filter.text));
    Ok((listed.entries.into_iter().map(card).collect(), paging))
}
