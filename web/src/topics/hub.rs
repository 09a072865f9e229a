//! What the photos of a hub are about.

use axum::extract::{OriginalUri, Query, State};
use pawdium_shared::hubs::Hub;
use pawdium_shared::paging::PageOf;
use pawdium_shared::photos::tag::key_of;
use pawdium_shared::topics::{Topic, hub as topics, queries};
use serde::Deserialize;

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::hubs::access::find_hub_at;
use crate::hubs::head;
use crate::photos::{find as photos, present};
use crate::ranking::lists::LAST;
use crate::state::App;
use crate::views::Paging;
use crate::views::hubs::HubTab;
use crate::views::topics::{ChosenTopic, HubTopicsPage, TopicChip, TopicLink};

/// Topics on the page.
const MOST: i64 = 100;

/// Photos per page.
const PER_PAGE: i64 = 24;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HubTopicsQuery {
    topic: String,
    page: String,
}

/// `GET /h/{slug}/topics`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<HubTopicsQuery>,
) -> Result<Page<HubTopicsPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let head = head::load(&app, &viewing, &hub, HubTab::Topics).await?;
    let (all, chosen) = {
        let mut db = app.db.acquire().await?;
        let key = key_of(&query.topic);
        let chosen = if key.is_empty() { None } else { queries::find(&mut db, &key).await? };
        (topics::list(&mut db, hub.id, MOST).await?, chosen.map(|found| found.topic))
    };
    let path = format!("{}/topics", hub.path());
    let address = |topic: &Topic| {
        format!("{path}?topic={}", &pawdium_shared::topics::path(&topic.key)["/topics/".len()..])
    };
    let link = |topic: &Topic| {
        let is_chosen = chosen.as_ref().is_some_and(|chosen| chosen.id == topic.id);
        let href = if is_chosen { path.clone() } else { address(topic) };
        TopicLink { topic: TopicChip::of(topic), href, is_chosen }
    };
    Ok(Page(HubTopicsPage {
        chrome: viewing.chrome,
        head,
        name: hub.name.clone(),
        path: hub.path(),
        topics: all.iter().map(link).collect(),
        chosen: match &chosen {
            Some(topic) => Some(load(&app, &hub, topic, address(topic), &query.page).await?),
            None => None,
        },
    }))
}

async fn load(app: &App, hub: &Hub, topic: &Topic, base: String, page: &str) -> Result<ChosenTopic, Error> {
    let page = page.parse().unwrap_or(1).clamp(1, LAST);
    let list = {
        let mut db = app.db.acquire().await?;
        let mut of = PageOf { page, limit: PER_PAGE };
        let list = topics::list_photos(&mut db, hub.id, topic.id, of).await?;
        if list.page > list.last_page {
            of.page = list.last_page;
            topics::list_photos(&mut db, hub.id, topic.id, of).await?
        } else {
            list
        }
    };
    let shown = photos::list_live(app, &list.photos).await?;
    Ok(ChosenTopic {
        name: topic.name.clone(),
        photos: shown.iter().map(|photo| present::card(photo, false)).collect(),
        paging: Paging::of(list.page, list.last_page, base),
    })
}
