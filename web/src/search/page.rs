//! The search page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::search::{Words, queries};
use serde::Deserialize;

use super::tidy;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::{find, present};
use crate::state::App;
use crate::views::search::{FoundPhotos, HubResult, SearchPage};
use crate::views::topics::TopicChip;
use crate::views::{Face, Paging, PhotoCard};

/// Photos on a page that shows only photos.
const PER_PAGE: usize = 24;

/// Photos beside other results.
const FEW: usize = 8;

/// Members, hubs and topics, of each.
const OTHERS: i64 = 12;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchQuery {
    q: String,
    #[serde(rename = "in")]
    within: String,
    page: String,
}

/// `GET /search`: a few results of each kind, or with `in=photos` a page of all photos.
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Page<SearchPage>, Error> {
    let Query(query) = query.unwrap_or_default();
    let text = tidy(&query.q);
    let words = Words::of(&text);
    let only_photos = query.within == "photos";
    let mut page = SearchPage::new(viewing.chrome, text);
    if words.is_empty() {
        return Ok(Page(page));
    }
    let mut db = app.db.acquire().await?;
    let found = queries::find_photos(&mut db, &words).await?;
    if !only_photos {
        let members = queries::find_members(&mut db, &words, OTHERS).await?;
        page.members = members.into_iter().map(|member| Face::of(member.name, member.avatar)).collect();
        let hubs = queries::find_hubs(&mut db, &words, viewing.visitor.id(), OTHERS).await?;
        let result = |hub: queries::FoundHub| HubResult {
            path: format!("/h/{}", hub.slug),
            name: hub.name,
            summary: hub.summary,
        };
        page.hubs = hubs.into_iter().map(result).collect();
        let topics = queries::find_topics(&mut db, &words, OTHERS).await?;
        page.topics = topics.iter().map(TopicChip::of).collect();
    }
    drop(db);
    let last_page = if only_photos { found.len().div_ceil(PER_PAGE).max(1) } else { 1 };
    let number = query.page.parse::<usize>().unwrap_or(1).clamp(1, last_page);
    let limit = if only_photos { PER_PAGE } else { FEW };
    let base = page.photos_path();
    page.photos = FoundPhotos {
        photos: cards(&app, found.iter().skip((number - 1) * limit).take(limit)).await?,
        total: found.len(),
        paging: only_photos.then(|| Paging { page: small(number), last_page: small(last_page), base }),
    };
    Ok(Page(page))
}

async fn cards(app: &App, photos: impl Iterator<Item = &PhotoId>) -> Result<Vec<PhotoCard>, Error> {
    let photos: Vec<_> = photos.copied().collect();
    let photos = find::list_live(app, &photos).await?;
    Ok(photos.iter().map(|photo| present::card(photo, false)).collect())
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
