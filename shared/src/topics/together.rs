//! Photos that have several topics.

use sqlx::PgConnection;

use super::queries::topics_where;
use super::types::Topic;
use crate::ids::{PhotoId, TopicId};

/// The most topics of which photos can have all.
pub const MOST_TOPICS: usize = 5;

/// How many photos are listed, the newest.
pub const MOST_PHOTOS: i64 = 1000;

/// Lists the live photos that have all of these topics, the latest first.
///
/// The first thousand are enough, and the topics' counts tell how far back they probably reach. If one topic is much
/// rarer than the next, its photos are looked up there one by one; otherwise the photos of both that are as new are
/// compared. Either statement reads the index `taggings_shown` only, and is written so that its plan is the same for all
/// topics.
pub async fn list(db: &mut PgConnection, topics: &[Topic]) -> sqlx::Result<Vec<PhotoId>> {
    let mut rarest: Vec<_> = topics.iter().map(|topic| (topic.photos, topic.id)).collect();
    rarest.sort_unstable_by_key(|(photos, topic)| (*photos, topic.0));
    rarest.dedup_by_key(|(_, topic)| *topic);
    let counts: Vec<_> = rarest.iter().map(|(photos, _)| *photos).collect();
    let ids: Vec<_> = rarest.into_iter().map(|(_, topic)| topic.0).collect();
    let (one, other, rest) = match ids.as_slice() {
        [] => return Ok(Vec::new()),
        [one] => return list_of(db, *one).await,
        [one, other, rest @ ..] => (*one, *other, rest),
    };
    let site = sqlx::query!(
        r#"select coalesce((select max(id) from photos), 0) as "newest!",
                  (select reltuples from pg_class where oid = 'photos'::regclass)::float8 as "photos!""#
    );
    let site = site.fetch_one(&mut *db).await?;
    match route(&counts, site.photos) {
        Route::LookUp => look_up(db, one, other, rest).await,
        Route::Compare { share } => {
            if share < 1.0 {
                let found = compare(db, (one, other, rest), before(site.newest, share)).await?;
                if i64::try_from(found.len()).is_ok_and(|found| found >= MOST_PHOTOS) {
                    return Ok(found);
                }
            }
            compare(db, (one, other, rest), 0).await
        }
    }
}

/// How to find photos.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Route {
    /// Look up each photo of the rarest topic.
    LookUp,
    /// Compare the newest photos of the two rarest, this share of all.
    Compare { share: f64 },
}

/// What it costs to look up a photo, to remember one and to compare one, in microseconds, as measured.
const LOOK_UP: f64 = 1.3;
const REMEMBER: f64 = 0.17;
const COMPARE: f64 = 0.12;

/// Chooses by the counts of the topics, the rarest first, as if they had nothing to do with each other.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn route(counts: &[i64], photos: f64) -> Route {
    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    let photos = counts.iter().copied().fold(photos.max(1.0), f64::max);
    let expected = counts.iter().fold(photos, |expected, count| expected * count / photos);
    let needed = (MOST_PHOTOS as f64 / expected.max(1.0)).min(1.0);
    // Half as far again, because chance spreads them unevenly.
    let share = (1.5 * needed).min(1.0);
    let look_up = needed * counts[0] * LOOK_UP;
    let compare = share * (counts[0] * REMEMBER + counts[1] * COMPARE);
    if look_up <= compare { Route::LookUp } else { Route::Compare { share } }
}

/// The last id before the newest share of all.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate")]
fn before(newest: i64, share: f64) -> i64 {
    (newest as f64 * (1.0 - share)) as i64
}

async fn list_of(db: &mut PgConnection, topic: i64) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from taggings where topic_id = $1 and live and not doubled
           order by photo_id desc limit $2"#,
        topic,
        MOST_PHOTOS,
    )
    .fetch_all(db)
    .await
}

/// Walks the photos of `one`. The `limit` of the subqueries keeps the planner from joining and has it use the same index
/// for each, and `case` has it ask for the rest only where `other` is there.
async fn look_up(db: &mut PgConnection, one: i64, other: i64, rest: &[i64]) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from taggings as one
           where topic_id = $1 and live and not doubled
             and case when (select true from taggings as other
                            where other.topic_id = $2 and other.photo_id = one.photo_id
                              and other.live and not other.doubled limit 1)
                      then ($3::bigint is null or
                            (select true from taggings as more
                             where more.topic_id = $3 and more.photo_id = one.photo_id
                               and more.live and not more.doubled limit 1))
                           and ($4::bigint is null or
                                (select true from taggings as more
                                 where more.topic_id = $4 and more.photo_id = one.photo_id
                                   and more.live and not more.doubled limit 1))
                           and ($5::bigint is null or
                                (select true from taggings as more
                                 where more.topic_id = $5 and more.photo_id = one.photo_id
                                   and more.live and not more.doubled limit 1))
                      else false end
           order by photo_id desc limit $6"#,
        one,
        other,
        rest.first(),
        rest.get(1),
        rest.get(2),
        MOST_PHOTOS,
    )
    .fetch_all(db)
    .await
}

/// Walks the photos of `other` after this one, and remembers those of `one`: within `case`, the planner makes a hashed
/// subplan of `in`.
async fn compare(
    db: &mut PgConnection,
    (one, other, rest): (i64, i64, &[i64]),
    after: i64,
) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from taggings as other
           where topic_id = $2 and photo_id > $7 and live and not doubled
             and case when photo_id in (select one.photo_id from taggings as one
                                        where one.topic_id = $1 and one.photo_id > $7
                                          and one.live and not one.doubled)
                      then ($3::bigint is null or
                            (select true from taggings as more
                             where more.topic_id = $3 and more.photo_id = other.photo_id
                               and more.live and not more.doubled limit 1))
                           and ($4::bigint is null or
                                (select true from taggings as more
                                 where more.topic_id = $4 and more.photo_id = other.photo_id
                                   and more.live and not more.doubled limit 1))
                           and ($5::bigint is null or
                                (select true from taggings as more
                                 where more.topic_id = $5 and more.photo_id = other.photo_id
                                   and more.live and not more.doubled limit 1))
                      else false end
           order by photo_id desc limit $6"#,
        one,
        other,
        rest.first(),
        rest.get(1),
        rest.get(2),
        MOST_PHOTOS,
        after,
    )
    .fetch_all(db)
    .await
}

/// Lists the topics that these photos have, those of most of them first, each with how many of them have it.
pub async fn list_topics(db: &mut PgConnection, photos: &[PhotoId], limit: i64) -> sqlx::Result<Vec<Topic>> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    let counted = sqlx::query!(
        r#"select topic_id as "topic: TopicId", count(*) as "photos!" from taggings
           where photo_id = any($1) and live and not doubled
           group by topic_id order by count(*) desc, topic_id limit $2"#,
        &ids,
        limit,
    );
    let counted = counted.fetch_all(&mut *db).await?;
    let topics: Vec<_> = counted.iter().map(|row| row.topic.0).collect();
    let found = topics_where!(
        "where found.id = any($1) and found.banned_at is null and found.merged_into is null",
        &topics
    );
    let found = found.fetch_all(db).await?;
    let in_order = counted.into_iter().filter_map(|row| {
        let topic = found.iter().find(|topic| topic.id == row.topic)?;
        Some(Topic { photos: row.photos, ..topic.clone() })
    });
    Ok(in_order.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_depends_on_how_common_the_topics_are() {
        const SITE: f64 = 1_000_000.0;
        assert_eq!(route(&[300, 280_000], SITE), Route::LookUp);
        assert_eq!(route(&[27_000, 52_000], SITE), Route::Compare { share: 1.0 });
        let Route::Compare { share } = route(&[174_000, 283_000], SITE) else { panic!("they are common") };
        assert!(share < 0.1, "{share}");
        assert_eq!(route(&[0, 0], 0.0), Route::LookUp);
    }

    #[test]
    fn all_photos_are_after_none() {
        assert_eq!([before(1000, 1.0), before(1000, 0.25), before(0, 0.5)], [0, 750, 0]);
    }
}
