//! A topic's page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::cache::Whole;
use pawdium_shared::photos::tag::key_of;
use pawdium_shared::photos::{Photo, Tag};
use pawdium_shared::topics::cached::{CachedTopic, TopicFacts, TopicPhotos};
use pawdium_shared::topics::{Order, Topic, queries, together};
use serde::Deserialize;

use super::find;
use crate::baked::Asked;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::photos::place::Place;
use crate::photos::{find as photos, present};
use crate::ranking::lists::{LAST, page_of, read_existing};
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedTopic};
use crate::views::topics::{MissingTopicPage, RelatedTopic, TopicChip, WithTopic, address};
use crate::views::{Paging, PhotoCard};

/// Photos per page.
const PER_PAGE: usize = 24;

/// Topics to go on with, beside photos that have several.
const MORE: usize = 12;

/// Topics that look like one that doesn't exist.
const NEAREST: i64 = 6;

/// The query of a topic's page. Invalid values are ignored, but topics that don't exist.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TopicQuery {
    sort: String,
    with: String,
    page: String,
}

impl TopicQuery {
    fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).clamp(1, LAST)
    }
}

/// `GET /topics/{tag}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(word): Path<String>,
    OriginalUri(uri): OriginalUri,
    query: Result<Query<TopicQuery>, QueryRejection>,
) -> Result<Response, Error> {
    let Query(query) = query.unwrap_or_default();
    let topic = match find::find_at(&app, &word, &uri).await {
        Err(Error::NotFound) => return missing(&app, viewing, &word).await,
        found => found?,
    };
    match load(&app, &topic, &query).await {
        // It has been banned or emptied meanwhile.
        Err(Error::NotFound) => missing(&app, viewing, &word).await,
        loaded => Ok(Page(loaded?.within(viewing.chrome)).into_response()),
    }
}

/// [`page`] of a topic for everybody.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Moved`], or a database error.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let uri = asked.path().parse().map_err(|_| Error::NotFound)?;
    let topic = find::find_at(&app, asked.name(), &uri).await?;
    asked.bake(&app, load(&app, &topic, &asked.query()?).await?)
}

/// The page where there is no such topic, with those that are called nearly so.
async fn missing(app: &App, viewing: Viewing, word: &str) -> Result<Response, Error> {
    let key = key_of(word);
    let mut nearest = Vec::new();
    if !key.is_empty() {
        nearest = queries::list_nearest(&mut *app.db.acquire().await?, &key, NEAREST).await?;
    }
    let page = MissingTopicPage {
        chrome: viewing.chrome,
        word: Tag::new(word).map(|tag| tag.name().to_owned()),
        nearest: nearest.iter().map(TopicChip::of).collect(),
    };
    Ok((StatusCode::NOT_FOUND, Page(page)).into_response())
}

async fn load(app: &App, topic: &Topic, query: &TopicQuery) -> Result<BakedTopic, Error> {
    let facts = app.cache.find(&app.db, CachedTopic(topic.id), Whole).await?;
    let facts = facts.filter(|facts| facts.topic.photos > 0).ok_or(Error::NotFound)?;
    let mut with = find::find_with(app, &query.with).await?;
    with.retain(|other| other.id != topic.id);
    let page = if with.is_empty() {
        alone(app, facts, query).await?
    } else {
        combined(app, facts, &with, query).await?
    };
    Ok(page)
}

/// The topic by itself.
async fn alone(app: &App, facts: TopicFacts, query: &TopicQuery) -> Result<BakedTopic, Error> {
    let order: Order = query.sort.parse().unwrap_or_default();
    let list = TopicPhotos { topic: facts.topic.id, order };
    let list = read_existing(app, list, page_of(query.page())).await?;
    let key = facts.topic.key;
    let place = Place::Topic { key: key.clone(), order, page: list.page };
    let related = |topic: &Topic| RelatedTopic::of(topic, &key, &[]);
    Ok(BakedTopic {
        order,
        with: Vec::new(),
        count: facts.topic.photos,
        is_more: false,
        related: facts.related.iter().map(related).collect(),
        leaders: facts.leaders,
        photos: list
            .photos
            .iter()
            .map(|photo| present::card_in(&place, photo, order == Order::Top))
            .collect(),
        paging: Paging::of(list.page, list.last_page, address(&key, &[], order)),
        name: facts.topic.name,
        key,
    })
}

/// The photos that also have other topics.
async fn combined(
    app: &App,
    facts: TopicFacts,
    with: &[Topic],
    query: &TopicQuery,
) -> Result<BakedTopic, Error> {
    let all: Vec<_> = std::iter::once(&facts.topic).chain(with).cloned().collect();
    let mut db = app.db.acquire().await?;
    let found = together::list(&mut db, &all).await?;
    let more = together::list_topics(&mut db, &found, 20).await?;
    drop(db);
    let last_page = i64::try_from(found.len().div_ceil(PER_PAGE).max(1)).unwrap_or(i64::MAX);
    let number = query.page().min(last_page);
    let skipped = usize::try_from(number - 1).unwrap_or_default() * PER_PAGE;
    let shown: Vec<_> = found.iter().skip(skipped).take(PER_PAGE).copied().collect();
    let photos: Vec<Photo> = photos::list_live(app, &shown).await?;
    let key = facts.topic.key;
    let keys: Vec<_> = with.iter().map(|topic| topic.key.clone()).collect();
    let can_add = keys.len() + 1 < together::MOST_TOPICS;
    let more = more.iter().filter(|topic| can_add && all.iter().all(|known| known.id != topic.id));
    let without = |topic: &Topic| {
        let others: Vec<_> = keys.iter().filter(|key| **key != topic.key).cloned().collect();
        WithTopic { name: topic.name.clone(), without: address(&key, &others, Order::New) }
    };
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    Ok(BakedTopic {
        order: Order::New,
        with: with.iter().map(without).collect(),
        count,
        is_more: count >= together::MOST_PHOTOS,
        related: more.take(MORE).map(|topic| RelatedTopic::of(topic, &key, &keys)).collect(),
        leaders: Vec::new(),
        photos: photos.iter().map(card).collect(),
        paging: Paging::of(number, last_page, address(&key, &keys, Order::New)),
        name: facts.topic.name,
        key,
    })
}

fn card(photo: &Photo) -> PhotoCard {
    present::card(photo, false)
}
