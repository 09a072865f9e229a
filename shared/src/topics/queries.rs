//! Topics in the database.

use sqlx::PgConnection;

use super::types::{FoundTopic, Leader, Sort, Topic};
use crate::ids::{PhotoId, TopicId};
use crate::paging::{Page, PageOf};

/// Among how many of a topic's photos its leaders are counted, the newest.
const COUNTED: i64 = 20_000;

/// Topics with more photos are large: their photos are found among all by rank, and not ranked one by one.
const LARGE: i64 = 5_000;

/// A checked query for topics that exist for visitors, as `found`. The macro has the columns, with changes of the count
/// that are not in it yet; the caller names the topics, as `found`, and their order.
macro_rules! topics_where {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::topics::Topic,
            r#"select found.id as "id!: crate::ids::TopicId", found.key as "key!", found.name as "name!",
                      (found.photos + coalesce((select sum(topic_moves.photos) from topic_moves
                                                where topic_moves.topic_id = found.id), 0))::bigint as "photos!"
               from topics as found "# + $rest
            $(, $argument)*
        )
    };
}
pub(super) use topics_where;

/// Finds the topic that a key leads to; `None` if there is none or it is banned.
pub async fn find(db: &mut PgConnection, key: &str) -> sqlx::Result<Option<FoundTopic>> {
    let found = topics_where!(
        "join topic_keys on topic_keys.key = $1
         join topics as written on written.id = topic_keys.topic_id
         where found.id = coalesce(written.root_id, written.id) and found.banned_at is null",
        key,
    );
    let found = found.fetch_optional(db).await?;
    Ok(found.map(|topic| FoundTopic { is_own: topic.key == key, topic }))
}

/// Finds those of these topics that are not banned, in any order.
pub async fn find_each(db: &mut PgConnection, topics: &[TopicId]) -> sqlx::Result<Vec<Topic>> {
    let ids: Vec<_> = topics.iter().map(|topic| topic.0).collect();
    topics_where!("where found.id = any($1) and found.banned_at is null and found.merged_into is null", &ids)
        .fetch_all(db)
        .await
}

/// Lists the topics whose keys look most like this one.
pub async fn list_nearest(db: &mut PgConnection, key: &str, limit: i64) -> sqlx::Result<Vec<Topic>> {
    // By the index topics_key_parts.
    topics_where!(
        "where found.key % $1 and found.banned_at is null and found.merged_into is null
         order by similarity(found.key, $1) desc, found.photos desc, found.id limit $2",
        key,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A page of the topics that have photos.
pub async fn list(db: &mut PgConnection, sort: Sort, page: PageOf) -> sqlx::Result<Page<Topic>> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from topics
           where merged_into is null and banned_at is null
             and (photos > 0 or exists (select from topic_moves where topic_id = topics.id))"#
    );
    let total = total.fetch_one(&mut *db).await?;
    let topics = match sort {
        // Counts that have just changed may move a topic by a page until they are added up.
        Sort::Most => {
            topics_where!(
                "where found.merged_into is null and found.banned_at is null
                   and (found.photos > 0 or exists (select from topic_moves where topic_id = found.id))
                 order by found.photos desc, found.id limit $1 offset $2",
                page.limit,
                page.offset(),
            )
            .fetch_all(db)
            .await?
        }
        Sort::New => {
            topics_where!(
                "where found.merged_into is null and found.banned_at is null
                   and (found.photos > 0 or exists (select from topic_moves where topic_id = found.id))
                 order by found.id desc limit $1 offset $2",
                page.limit,
                page.offset(),
            )
            .fetch_all(db)
            .await?
        }
        Sort::Name => {
            topics_where!(
                "where found.merged_into is null and found.banned_at is null
                   and (found.photos > 0 or exists (select from topic_moves where topic_id = found.id))
                 order by found.key using ~<~ limit $1 offset $2",
                page.limit,
                page.offset(),
            )
            .fetch_all(db)
            .await?
        }
    };
    let mut topics: Vec<_> = topics.into_iter().filter(|topic| topic.photos > 0).collect();
    if sort == Sort::Most {
        topics.sort_by_key(|topic| std::cmp::Reverse(topic.photos));
    }
    Ok(Page::new(topics, page, total))
}

/// Lists a topic's live photos, the latest first.
pub async fn list_newest(db: &mut PgConnection, topic: TopicId, page: PageOf) -> sqlx::Result<Vec<PhotoId>> {
    // By the index taggings_shown.
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from taggings
           where topic_id = $1 and live and not doubled
           order by photo_id desc limit $2 offset $3"#,
        topic.0,
        page.limit,
        page.offset(),
    )
    .fetch_all(db)
    .await
}

/// Lists a topic's ranked photos, the best first.
///
/// The plan of a statement is kept for all topics, large and small, so there is a statement for either.
pub async fn list_top(db: &mut PgConnection, topic: &Topic, page: PageOf) -> sqlx::Result<Vec<PhotoId>> {
    if topic.photos > LARGE {
        return list_top_of_large(db, topic.id, page).await;
    }
    // By the indexes taggings_shown and photo_ranks_pkey.
    sqlx::query_scalar!(
        r#"with mine as materialized (
               select photo_id from taggings where topic_id = $1 and live and not doubled
           )
           select photo_ranks.photo_id as "photo: PhotoId"
           from mine join photo_ranks on photo_ranks.photo_id = mine.photo_id
           order by rank, photo_ranks.photo_id limit $2 offset $3"#,
        topic.id.0,
        page.limit,
        page.offset(),
    )
    .fetch_all(db)
    .await
}

/// Walks the index photo_ranks_rank, and looks up each photo in taggings_shown: `limit` keeps the planner from joining.
async fn list_top_of_large(
    db: &mut PgConnection,
    topic: TopicId,
    page: PageOf,
) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from photo_ranks
           where (select true from taggings
                  where topic_id = $1 and taggings.photo_id = photo_ranks.photo_id and live and not doubled limit 1)
           order by rank, photo_id limit $2 offset $3"#,
        topic.0,
        page.limit,
        page.offset(),
    )
    .fetch_all(db)
    .await
}

/// Lists the members with most photos among the newest of a topic.
pub async fn list_leaders(db: &mut PgConnection, topic: TopicId, limit: i64) -> sqlx::Result<Vec<Leader>> {
    sqlx::query_as!(
        Leader,
        r#"select rank() over (order by count(*) desc) as "place!", users.name as "name!", count(*) as "photos!"
           from (select photo_id from taggings where topic_id = $1 and live and not doubled
                 order by photo_id desc limit $2) as newest
           join photos on photos.id = photo_id join users on users.id = owner_id
           where users.name is not null
           group by users.id order by count(*) desc, lower(users.name) limit $3"#,
        topic.0,
        COUNTED,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Lists the topics that belong to one, by lift.
pub async fn list_related(db: &mut PgConnection, topic: TopicId) -> sqlx::Result<Vec<Topic>> {
    topics_where!(
        "join topic_relations on topic_relations.other_id = found.id
         where topic_relations.topic_id = $1 and found.banned_at is null and found.merged_into is null
         order by lift desc, topic_relations.photos desc, found.id",
        topic.0,
    )
    .fetch_all(db)
    .await
}

/// Finds topics with photos whose key contains `pattern`, a pattern of `like`: those first that begin with `beginning`,
/// then those with most photos.
pub async fn search(
    db: &mut PgConnection,
    pattern: &str,
    beginning: &str,
    limit: i64,
) -> sqlx::Result<Vec<Topic>> {
    // By the index topics_key_parts.
    topics_where!(
        "where found.key like $1 and found.banned_at is null and found.merged_into is null
           and (found.photos > 0 or exists (select from topic_moves where topic_id = found.id))
         order by found.key like $2 desc, found.photos desc, length(found.key), found.key limit $3",
        pattern,
        beginning,
        limit,
    )
    .fetch_all(db)
    .await
}
