//! Topics through the API.

use axum::Json;
use axum::extract::{OriginalUri, Query, State};
use pawdium_shared::cache::Whole;
use pawdium_shared::ids::TopicId;
use pawdium_shared::paging::{Page, PageOf};
use pawdium_shared::topics::cached::{CachedTopic, SectionList, TopicList, TopicPhotos};
use pawdium_shared::topics::{Leader, Order, Sort, Topic, path, together};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::api::paging::{given, page_of};
use crate::api::shapes::{ErrorShape, PagingShape, PhotoShape};
use crate::error::Error;
use crate::http::extract::Path;
use crate::photos::find as photos;
use crate::ranking::lists;
use crate::state::App;

/// Topics that occur beside others.
const BESIDE: i64 = 100;

/// The query of topics.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TopicParams {
    /// Up to four more topics that the photos must have, separated by commas.
    with: Option<String>,
    /// The order: of the list of topics `most` (default), `new` or `name`; of a topic's photos `new` (default) or `top`.
    sort: Option<String>,
    /// The page, from 1.
    page: Option<String>,
    /// Items per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

/// The query of sections.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SectionParams {
    /// Only topics that occur together with all of these, separated by commas.
    with: Option<String>,
}

/// A topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicShape {
    /// The word in its URL.
    pub tag: String,
    /// Its name.
    pub name: String,
    /// How many live photos have it; with `with`, how many of the newest thousand that have all of those.
    pub photos: i64,
    /// The URL of its page.
    pub url: String,
}

/// A page of topics.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicListShape {
    /// The topics, in order.
    pub data: Vec<TopicShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

/// A section of topics.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionShape {
    /// Its name.
    pub name: String,
    /// Its topics.
    pub topics: Vec<TopicShape>,
}

/// The sections.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionListShape {
    /// The sections, in order.
    pub data: Vec<SectionShape>,
}

/// A member among those with most photos in a topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderShape {
    /// The place, from 1. Members with as many photos share one.
    pub place: i64,
    /// The member's name.
    pub name: String,
    /// How many of the topic's photos are theirs.
    pub photos: i64,
}

/// A topic with a page of its photos.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicPageShape {
    /// The word in its URL.
    pub tag: String,
    /// Its name.
    pub name: String,
    /// The other topics that the photos have.
    pub with: Vec<String>,
    /// How many photos there are; with others at most a thousand.
    pub photos: i64,
    /// Topics that belong to it, or that the photos of a combination have.
    pub related: Vec<TopicShape>,
    /// The members with most photos in it; empty with others.
    pub leaders: Vec<LeaderShape>,
    /// The photos, in order.
    pub data: Vec<PhotoShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

impl TopicShape {
    /// That topic.
    #[must_use]
    pub fn of(app: &App, topic: Topic) -> Self {
        Self { url: app.url(&path(&topic.key)), tag: topic.key, name: topic.name, photos: topic.photos }
    }

    fn each(app: &App, topics: Vec<Topic>) -> Vec<Self> {
        topics.into_iter().map(|topic| Self::of(app, topic)).collect()
    }
}

impl TopicParams {
    fn page_of(&self) -> Result<PageOf, Error> {
        page_of(self.page.as_ref(), self.limit.as_ref())
    }

    fn with(&self) -> &str {
        given(self.with.as_ref()).unwrap_or_default()
    }

    fn parse<T: std::str::FromStr + Default>(&self, choices: &str) -> Result<T, Error> {
        let Some(text) = given(self.sort.as_ref()) else { return Ok(T::default()) };
        let message = || format!("Choose {choices}.");
        text.parse().map_err(|_| Error::Field { field: "sort", message: message() })
    }
}

/// The topics of the photos that have all of these, without these.
async fn beside(app: &App, with: &[Topic]) -> Result<Vec<Topic>, Error> {
    let mut db = app.db.acquire().await?;
    let found = together::list(&mut db, with).await?;
    let mut topics = together::list_topics(&mut db, &found, BESIDE + 5).await?;
    topics.retain(|topic| with.iter().all(|known| known.id != topic.id));
    Ok(topics)
}

/// Lists topics: all that have photos, or those that occur together with others.
#[utoipa::path(get, path = "/topics", tag = "topics", params(TopicParams), responses(
    (status = 200, description = "A page of the list", body = TopicListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<TopicParams>,
) -> Result<Json<TopicListShape>, Error> {
    let (page, sort) = (query.page_of()?, query.parse::<Sort>("most, new or name")?);
    let with = find::find_with(&app, query.with()).await?;
    let list = if with.is_empty() {
        app.cache.get(&app.db, TopicList { sort }, page).await?
    } else {
        cut(beside(&app, &with).await?, page)
    };
    Ok(Json(TopicListShape {
        data: TopicShape::each(&app, list.photos),
        paging: PagingShape { page: list.page, last_page: list.last_page },
    }))
}

/// Shows a topic and a page of its photos.
#[utoipa::path(get, path = "/topics/{tag}", tag = "topics",
    params(("tag" = String, Path, description = "The word of the topic, or one that leads to it"), TopicParams), responses(
    (status = 200, description = "The topic", body = TopicPageShape),
    (status = 308, description = "The topic has another word"),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
    (status = 404, description = "There is no such topic", body = ErrorShape),
))]
pub async fn show(
    State(app): State<App>,
    Path(word): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<TopicParams>,
) -> Result<Json<TopicPageShape>, Error> {
    let (page, order) = (query.page_of()?, query.parse::<Order>("new or top")?);
    let topic = find::find_at(&app, &word, &uri).await?;
    let mut with = find::find_with(&app, query.with()).await?;
    with.retain(|other| other.id != topic.id);
    let leader =
        |leader: Leader| LeaderShape { place: leader.place, name: leader.name, photos: leader.photos };
    let (photos, related, leaders, list) = if with.is_empty() {
        let facts = app.cache.find(&app.db, CachedTopic(topic.id), Whole).await?.ok_or(Error::NotFound)?;
        let list = lists::read(&app, TopicPhotos { topic: topic.id, order }, page).await?;
        (facts.topic.photos, facts.related, facts.leaders.into_iter().map(leader).collect(), list)
    } else {
        let (found, related) = combine(&app, &topic, &with).await?;
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let Page { photos: ids, page, last_page } = cut(found, page);
        let list = Page { photos: photos::list_live(&app, &ids).await?, page, last_page };
        (total, related, Vec::new(), list)
    };
    let Page { photos: data, page, last_page } = list;
    Ok(Json(TopicPageShape {
        tag: topic.key,
        name: topic.name,
        with: with.into_iter().map(|topic| topic.key).collect(),
        photos,
        related: TopicShape::each(&app, related),
        leaders,
        data: data.into_iter().map(|photo| PhotoShape::of(&app, photo)).collect(),
        paging: PagingShape { page, last_page },
    }))
}

/// Lists the sections that moderators made, with their topics.
#[utoipa::path(get, path = "/sections", tag = "topics", params(SectionParams), responses(
    (status = 200, description = "The sections", body = SectionListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
))]
pub async fn list_sections(
    State(app): State<App>,
    Query(query): Query<SectionParams>,
) -> Result<Json<SectionListShape>, Error> {
    let with = find::find_with(&app, given(query.with.as_ref()).unwrap_or_default()).await?;
    let mut sections = app.cache.get(&app.db, SectionList, Whole).await?;
    if !with.is_empty() {
        let beside: Vec<TopicId> = beside(&app, &with).await?.into_iter().map(|topic| topic.id).collect();
        for section in &mut sections {
            section.topics.retain(|topic| beside.contains(&topic.id));
        }
    }
    sections.retain(|section| !section.topics.is_empty());
    let shape = |section: pawdium_shared::topics::Section| SectionShape {
        name: section.name,
        topics: TopicShape::each(&app, section.topics),
    };
    Ok(Json(SectionListShape { data: sections.into_iter().map(shape).collect() }))
}

/// The photos that have a topic and others, and what else these have.
async fn combine(
    app: &App,
    topic: &Topic,
    with: &[Topic],
) -> Result<(Vec<pawdium_shared::ids::PhotoId>, Vec<Topic>), Error> {
    let all = [std::slice::from_ref(topic), with].concat();
    let mut db = app.db.acquire().await?;
    let found = together::list(&mut db, &all).await?;
    let mut related = together::list_topics(&mut db, &found, 20).await?;
    related.retain(|topic| all.iter().all(|known| known.id != topic.id));
    Ok((found, related))
}

/// A page of what is known whole.
fn cut<T>(all: Vec<T>, page: PageOf) -> Page<T> {
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (skipped, limit) = (usize::try_from(page.offset()), usize::try_from(page.limit));
    let part = all.into_iter().skip(skipped.unwrap_or(usize::MAX)).take(limit.unwrap_or_default());
    Page::new(part.collect(), page, total)
}
