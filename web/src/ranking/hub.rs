//! The photos of a hub by score.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{OriginalUri, Query, State};
use pawdium_shared::ids::{HubId, PhotoId};
use pawdium_shared::paging::{Page as List, PageOf};
use pawdium_shared::photos::Photo;
use pawdium_shared::ranking::hub_top::HubTopList;

use crate::api::caller::Caller;
use crate::api::paging::PageParams;
use crate::api::shapes::{ErrorShape, ListShape};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::hubs::access::find_hub_at;
use crate::hubs::head;
use crate::photos::place::Place;
use crate::photos::posting::ListQuery;
use crate::photos::{find, present};
use crate::state::App;
use crate::views::hub_photos::HubTopPage;
use crate::views::hubs::HubTab;
use crate::views::top::TopList;
use crate::views::{Fragment, Paging, PhotoCard};

/// `GET /h/{slug}/top`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ListQuery>,
) -> Result<Page<HubTopPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let head = head::load(&app, &viewing, &hub, HubTab::Photos).await?;
    let page = query.page_of();
    let (mut list, mut places) = top(&app, hub.id, page).await?;
    if list.page > list.last_page {
        (list, places) = top(&app, hub.id, PageOf { page: list.last_page, ..page }).await?;
    }
    let path = hub.path();
    let place = Place::in_hub(&hub, true, list.page);
    let card = |photo: &Photo| PhotoCard {
        rank: places.get(&photo.id).copied(),
        ..present::card_in(&place, photo, true)
    };
    let shown = TopList {
        photos: list.photos.iter().map(card).collect(),
        paging: Paging::of(list.page, list.last_page, format!("{path}/top")),
    };
    let shown = (!shown.photos.is_empty()).then(|| Fragment::render(&shown));
    Ok(Page(HubTopPage {
        head,
        chrome: viewing.chrome,
        list: shown.transpose().map_err(anyhow::Error::from)?,
        path,
        name: hub.name,
    }))
}

/// Lists a hub's photos by score, the best first.
#[utoipa::path(get, path = "/hubs/{slug}/top", tag = "hubs", security((), ("token" = ["read"])),
    params(("slug" = String, Path, description = "The hub's slug"), PageParams), responses(
    (status = 200, description = "A page of the list", body = ListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 404, description = "No hub that the caller may see", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Option<Caller>,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(params): Query<PageParams>,
) -> Result<Json<ListShape>, Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let hub = find_hub_at(&app, &visitor, &slug, &uri).await?;
    let (list, _) = top(&app, hub.id, params.page_of()?).await?;
    Ok(Json(ListShape::of(&app, list)))
}

/// A page of a hub's list, and the photos' places in it.
async fn top(app: &App, hub: HubId, page: PageOf) -> Result<(List<Photo>, HashMap<PhotoId, i64>), Error> {
    let list = app.cache.get(&app.db, HubTopList(hub), page).await?;
    let ids: Vec<_> = list.photos.iter().map(|placed| placed.photo).collect();
    let places = list.photos.iter().map(|placed| (placed.photo, placed.place)).collect();
    let photos = find::list_live(app, &ids).await?;
    Ok((List { photos, page: list.page, last_page: list.last_page }, places))
}
