//! Cached data of topics.

use serde::{Deserialize, Serialize};

use super::types::{Leader, Order, Section, Sort, Topic};
use super::{queries, sections};
use crate::cache::{Around, Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::{PhotoId, TopicId};
use crate::paging::{Page, PageOf};
use crate::photos::cached::RANKS;
use crate::photos::tagging;

/// Leaders of a topic that are shown.
const LEADERS: i64 = 10;

/// What depends on which topics belong together.
const RELATIONS: Around = Around {
    name: "topic-relations",
    is_stale_after: |event| matches!(event, Event::TopicsRelated | Event::TopicsChanged { .. }),
};

/// The topics whose photos or names an event changes.
async fn changed_topics(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<TopicId>> {
    match event {
        Event::PhotoTagged { topics, .. } | Event::TopicsChanged { topics, .. } => Ok(topics.clone()),
        // The names of leaders. The topics of an account that is gone are named by another event.
        Event::MemberChanged { photos, .. } if photos.is_empty() => Ok(Vec::new()),
        // A photo with a new picture has no rank.
        Event::PhotoPublished { .. }
        | Event::PhotoChanged { .. }
        | Event::PhotoRemoved { .. }
        | Event::MemberChanged { .. } => tagging::list_topics(lookup.db().await?, event.photos()).await,
        _ => Ok(Vec::new()),
    }
}

/// Whether an event changes how many photos topics have, or which topics there are.
fn changes_topics(event: &Event) -> bool {
    matches!(
        event,
        Event::PhotoPublished { .. }
            | Event::PhotoRemoved { .. }
            | Event::PhotoTagged { .. }
            | Event::TopicsChanged { .. }
    )
}

/// What a topic's page says about it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TopicFacts {
    /// The topic.
    pub topic: Topic,
    /// The topics that belong to it, the closest first.
    pub related: Vec<Topic>,
    /// The members with most photos in it.
    pub leaders: Vec<Leader>,
}

/// The facts of a topic that isn't banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedTopic(pub TopicId);

impl Cached for CachedTopic {
    const KIND: &'static str = "topic";
    const AROUND: Option<Around> = Some(RELATIONS);
    const ASKS: bool = true;
    type Part = Whole;
    type Data = TopicFacts;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(changed_topics(event, lookup).await?.into_iter().map(Self).collect())
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, TopicFacts)>> {
        let mut db = db.acquire().await?;
        let ids: Vec<_> = these.iter().map(|one| one.0).collect();
        let mut loaded = Vec::with_capacity(these.len());
        for topic in queries::find_each(&mut db, &ids).await? {
            let related = queries::list_related(&mut db, topic.id).await?;
            let leaders = queries::list_leaders(&mut db, topic.id, LEADERS).await?;
            loaded.push((Self(topic.id), TopicFacts { topic, related, leaders }));
        }
        Ok(loaded)
    }
}

/// A topic's live photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicPhotos {
    /// The topic.
    pub topic: TopicId,
    /// Which come first.
    pub order: Order,
}

impl Cached for TopicPhotos {
    const KIND: &'static str = "topic-photos";
    const AROUND: Option<Around> = Some(RANKS);
    const ASKS: bool = true;
    type Part = PageOf;
    type Data = Page<PhotoId>;

    fn name(&self) -> String {
        format!("{}:{}", self.topic, self.order.name())
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let topics = changed_topics(event, lookup).await?;
        let orders = [Order::New, Order::Top];
        Ok(topics.into_iter().flat_map(|topic| orders.map(|order| Self { topic, order })).collect())
    }

    /// Pages past the end are not cached, because visitors can request any number of them.
    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        let mut db = db.acquire().await?;
        let mut loaded = Vec::with_capacity(these.len());
        for list in these {
            let topics = queries::find_each(&mut db, &[list.topic]).await?;
            let total = topics.first().map_or(0, |topic| topic.photos);
            let photos = match (topics.first(), list.order) {
                (None, _) => Vec::new(),
                (Some(topic), Order::New) => queries::list_newest(&mut db, topic.id, page).await?,
                (Some(topic), Order::Top) => queries::list_top(&mut db, topic, page).await?,
            };
            loaded.push((*list, Page::new(photos, page, total)));
        }
        Ok(loaded)
    }
}

/// The list of topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicList {
    /// Its order.
    pub sort: Sort,
}

impl Cached for TopicList {
    const KIND: &'static str = "topics";
    type Part = PageOf;
    type Data = Page<Topic>;

    fn name(&self) -> String {
        self.sort.name().to_owned()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        if matches!(event, Event::TopicsCounted) {
            return Ok(vec![Self { sort: Sort::Most }]);
        }
        let sorts = [Sort::Most, Sort::New, Sort::Name];
        Ok(if changes_topics(event) { sorts.map(|sort| Self { sort }).to_vec() } else { Vec::new() })
    }

    fn is_kept(page: &Self::Data) -> bool {
        !page.photos.is_empty()
    }

    async fn load(these: &[Self], page: PageOf, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        let mut db = db.acquire().await?;
        let mut loaded = Vec::with_capacity(these.len());
        for list in these {
            loaded.push((*list, queries::list(&mut db, list.sort, page).await?));
        }
        Ok(loaded)
    }
}

/// The sections with their topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SectionList;

impl Cached for SectionList {
    const KIND: &'static str = "sections";
    type Part = Whole;
    type Data = Vec<Section>;

    fn name(&self) -> String {
        String::new()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(changes_topics(event).then_some(Self).into_iter().collect())
    }

    async fn load(_: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, Self::Data)>> {
        Ok(vec![(Self, sections::list(&mut *db.acquire().await?).await?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photos::Species;

    async fn stale_after<C: Cached>(event: &Event) -> Vec<C> {
        let pool =
            sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nowhere").expect("it is a URL");
        C::stale_after(event, &mut Lookup::new(&Db::from(pool))).await.expect("it doesn't ask")
    }

    #[tokio::test]
    async fn a_tagged_photo_concerns_its_topics_and_the_lists() {
        let topic = TopicId(3);
        let tagged = Event::PhotoTagged { photo: PhotoId(7), topics: vec![topic] };
        assert_eq!(stale_after::<CachedTopic>(&tagged).await, [CachedTopic(topic)]);
        assert_eq!(
            stale_after::<TopicPhotos>(&tagged).await,
            [Order::New, Order::Top].map(|order| TopicPhotos { topic, order })
        );
        assert_eq!(stale_after::<TopicList>(&tagged).await.len(), 3);
        assert_eq!(stale_after::<SectionList>(&tagged).await, [SectionList]);
    }

    #[tokio::test]
    async fn a_rating_concerns_no_topic() {
        let rated = Event::PhotoRated { photo: PhotoId(7) };
        assert_eq!(stale_after::<CachedTopic>(&rated).await, []);
        assert_eq!(stale_after::<TopicList>(&rated).await, []);
        let removed = Event::PhotoRemoved { photo: PhotoId(7), species: Species::Cat };
        assert_eq!(stale_after::<SectionList>(&removed).await, [SectionList]);
    }
}
