//! Search in the database.

use sqlx::PgConnection;

use super::Words;
use crate::ids::{PhotoId, UserId};
use crate::topics::{self, Topic};

/// How many photos are compared, the newest that match. A word that is in every photo finds no more.
pub const MOST_PHOTOS: i64 = 500;

/// Among how many of the newest photos a search looks first, in units of the index `photos_words` (4,096 ids). A common
/// word is found there often enough.
const FIRST: i64 = 2;

/// How many matches are read and sorted faster than the index is asked once more.
const FEW: i64 = 10_000;

/// Finds live photos with all words in their title, tags or description, best first. The title weighs more than tags, and
/// tags more than the description; a whole word weighs three times as much as the beginning of a longer one. Equal ones
/// are in the order of their scores.
pub async fn find_photos(db: &mut PgConnection, words: &Words) -> sqlx::Result<Vec<PhotoId>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let newest = sqlx::query_scalar!(r#"select coalesce(max(id), 0) >> 12 as "newest!" from photos"#);
    let newest = newest.fetch_one(&mut *db).await?;
    let mut units = FIRST;
    while units < newest {
        let found = find_newest(&mut *db, words, newest - units + 1).await?;
        let count = i64::try_from(found.len()).unwrap_or(MOST_PHOTOS);
        if count >= MOST_PHOTOS {
            return Ok(found);
        }
        // If the words are as frequent in older photos.
        if count * newest / units <= FEW {
            break;
        }
        // Enough for half as many again.
        units = (units * MOST_PHOTOS * 3 / 2 / count.max(1)).max(units * 4);
    }
    // `matches` uses the index photos_words. In the order of plain `id`, it would walk the primary key and compute the words
    // of every photo there.
    sqlx::query_scalar!(
        r#"with matches as materialized (
               select id, photo_words(title, tags, alt) as words from photos
               where state = 'live' and photo_words(title, tags, alt) @@ to_tsquery('simple', $1)
               order by id + 0 desc limit $3)
           select id as "id: PhotoId" from matches left join photo_ranks on photo_id = id
           order by ts_rank(words, to_tsquery('simple', $1)) + 2 * ts_rank(words, to_tsquery('simple', $2)) desc,
                    score desc nulls last, id desc"#,
        words.beginnings(),
        words.whole(),
        MOST_PHOTOS,
    )
    .fetch_all(db)
    .await
}

/// Like [`find_photos`], from this unit of ids on.
async fn find_newest(db: &mut PgConnection, words: &Words, from: i64) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"with matches as materialized (
               select id, photo_words(title, tags, alt) as words from photos
               where state = 'live' and photo_words(title, tags, alt) @@ to_tsquery('simple', $1) and (id >> 12) >= $4
               order by id + 0 desc limit $3)
           select id as "id: PhotoId" from matches left join photo_ranks on photo_id = id
           order by ts_rank(words, to_tsquery('simple', $1)) + 2 * ts_rank(words, to_tsquery('simple', $2)) desc,
                    score desc nulls last, id desc"#,
        words.beginnings(),
        words.whole(),
        MOST_PHOTOS,
        from,
    )
    .fetch_all(db)
    .await
}

/// A member that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMember {
    /// The id.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The key of the portrait.
    pub avatar: Option<String>,
}

/// Finds members by a part of their name: the one who has exactly this name first, then those whose name begins so.
pub async fn find_members(
    db: &mut PgConnection,
    words: &Words,
    limit: i64,
) -> sqlx::Result<Vec<FoundMember>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        FoundMember,
        r#"select id as "id: UserId", name as "name!", avatar from users
           where name is not null and lower(name) like $1
             and (hidden_until is null or hidden_until <= clock_timestamp())
           order by lower(name) like $2 desc, length(name), lower(name)
           limit $3"#,
        words.in_order(),
        words.beginning(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// A hub that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHub {
    /// The word in its URL.
    pub slug: String,
    /// The name.
    pub name: String,
    /// One sentence about it; may be empty.
    pub summary: String,
}

/// Finds hubs with all words in their name, slug or summary, among public hubs and those that the viewer is a member of:
/// hubs whose name begins so first, then those with a word in the name, then the most recently active.
pub async fn find_hubs(
    db: &mut PgConnection,
    words: &Words,
    viewer: UserId,
    limit: i64,
) -> sqlx::Result<Vec<FoundHub>> {
    let patterns = words.anywhere();
    let Some(longest) = patterns.first() else { return Ok(Vec::new()) };
    // The longest word uses the index hubs_name.
    sqlx::query_as!(
        FoundHub,
        r#"select slug as "slug!", name, summary from hubs
           where slug is not null
             and (name || ' ' || coalesce(slug, '') || ' ' || summary) ilike $1
             and (name || ' ' || coalesce(slug, '') || ' ' || summary) ilike all($2)
             and (visibility = 'public'
                  or exists (select from hub_roles
                             where hub_id = hubs.id and user_id = $4 and role in ('member', 'owner')))
           order by name ilike $3 desc, name ilike $1 desc, active_at desc, id desc
           limit $5"#,
        longest,
        &patterns,
        words.beginning(),
        viewer.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Finds topics by a part of their name: those that begin so first, then those with most photos.
pub async fn find_topics(db: &mut PgConnection, words: &Words, limit: i64) -> sqlx::Result<Vec<Topic>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let found = topics::queries::search(db, &words.in_order(), &words.beginning(), limit).await?;
    Ok(found.into_iter().filter(|topic| topic.photos > 0).collect())
}
