//! Counts of topics, what belongs together, and the tags of photos that were written by an earlier version.

use sqlx::PgConnection;

use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, TopicId};
use crate::photos::{Tags, tagging};

/// Changes of counts that are added up at once.
const MOVES: i64 = 20_000;

/// Photos whose tags are written at once.
const PHOTOS: i64 = 500;

/// Among how many ids the newest photos are.
const RECENT: i64 = 2_000;

/// Topics that belong to one.
const RELATED: i64 = 12;

/// Adds changes of counts to the counts. Returns how many there were. The sums don't change by it.
pub async fn add_up(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with taken as (
               delete from topic_moves where id in (select id from topic_moves order by id limit $1)
               returning topic_id, photos
           ), sums as (
               select topic_id, sum(photos)::bigint as photos from taken group by topic_id
           ), counted as (
               update topics set photos = topics.photos + sums.photos from sums
               where topics.id = sums.topic_id and sums.photos <> 0
           )
           select count(*) as "taken!" from taken"#,
        MOVES,
    )
    .fetch_one(db)
    .await
}

/// What a recount has corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Topics whose count differed.
    pub counts: u64,
    /// Tags that were shown or hidden unlike their photo.
    pub shown: u64,
}

/// Compares the counts with the photos, and corrects what differs. One statement sees a count, its changes and the photos
/// at the same moment, so it locks nothing.
pub async fn recount(db: &mut PgConnection) -> sqlx::Result<Drift> {
    wait_longer(db).await?;
    let shown = sqlx::query!(
        "update taggings set live = not live from photos
         where photos.id = photo_id and live <> (state = 'live')"
    );
    let shown = shown.execute(&mut *db).await?.rows_affected();
    let counts = sqlx::query!(
        "with counted as (
             select topic_id, count(*) as photos from taggings where live and not doubled group by topic_id
         ), pending as (
             select topic_id, sum(photos)::bigint as photos from topic_moves group by topic_id
         )
         insert into topic_moves (topic_id, photos)
         select topics.id, coalesce(counted.photos, 0) - topics.photos - coalesce(pending.photos, 0)
         from topics left join counted on counted.topic_id = topics.id left join pending on pending.topic_id = topics.id
         where coalesce(counted.photos, 0) <> topics.photos + coalesce(pending.photos, 0)"
    );
    let counts = counts.execute(db).await?.rows_affected();
    Ok(Drift { counts, shown })
}

/// Gives topics to a few photos that were tagged by an earlier version of the site, among all or the newest. Returns how
/// many.
pub async fn adopt(db: &mut Tx, among_all: bool) -> sqlx::Result<usize> {
    let photos = sqlx::query!(
        r#"select id as "id: PhotoId", tags from photos
           where tags <> '{}' and state <> 'deleted'
             and id > (select case when $2 then 0 else coalesce(max(id), 0) - $3 end from photos)
             and not exists (select from taggings where photo_id = photos.id)
           order by id limit $1"#,
        PHOTOS,
        among_all,
        RECENT,
    );
    let mut adopted = 0;
    for photo in photos.fetch_all(&mut **db).await? {
        let tags = Tags::of_words(&photo.tags);
        if !tags.as_slice().is_empty() {
            tagging::attach(db, photo.id, &tags).await?;
            let topics = tagging::list_topics(db, &[photo.id]).await?;
            Event::PhotoTagged { photo: photo.id, topics }.record(db).await?;
            adopted += 1;
        }
    }
    Ok(adopted)
}

/// Computes which topics belong together, by lift: how much more often both are on a photo than they would be by chance.
/// A pair counts if at least two photos have it, and one in a hundred of the topic's.
pub async fn relate(db: &mut Tx) -> sqlx::Result<u64> {
    wait_longer(db).await?;
    sqlx::query!("delete from topic_relations").execute(&mut **db).await?;
    let related = sqlx::query!(
        "with shown as materialized (
             select photo_id, topic_id from taggings join topics on topics.id = topic_id
             where live and not doubled and banned_at is null
         ), counts as (
             select topic_id, count(*) as photos from shown group by topic_id
         ), total as (
             select count(distinct photo_id) as photos from shown
         ), pairs as (
             select one.topic_id, other.topic_id as other_id, count(*) as photos
             from shown as one join shown as other using (photo_id)
             where one.topic_id <> other.topic_id
             group by one.topic_id, other.topic_id having count(*) >= 2
         ), lifts as (
             select pairs.topic_id, pairs.other_id, pairs.photos,
                    pairs.photos::float8 * total.photos / (one.photos::float8 * other.photos) as lift
             from pairs join counts as one on one.topic_id = pairs.topic_id
                        join counts as other on other.topic_id = pairs.other_id
                        cross join total
             where pairs.photos * 100 >= one.photos
         ), placed as (
             select *, row_number() over (partition by topic_id order by lift desc, photos desc, other_id) as place
             from lifts where lift > 1
         )
         insert into topic_relations (topic_id, other_id, photos, lift)
         select topic_id, other_id, photos, lift from placed where place <= $1",
        RELATED,
    );
    let related = related.execute(&mut **db).await?.rows_affected();
    Event::TopicsRelated.record(db).await?;
    Ok(related)
}

/// Writes the names of their topics to photos that bear one of these tags, which search reads: the next few photos after
/// this one. Returns the last of them; `None` if there are no more.
pub async fn rewrite(db: &mut Tx, topics: &[TopicId], after: PhotoId) -> sqlx::Result<Option<PhotoId>> {
    let ids: Vec<_> = topics.iter().map(|topic| topic.0).collect();
    let photos = sqlx::query_scalar!(
        "select distinct photo_id from taggings where written_id = any($1) and photo_id > $2 order by photo_id limit $3",
        &ids,
        after.0,
        PHOTOS,
    );
    let photos = photos.fetch_all(&mut **db).await?;
    let Some(last) = photos.last().copied() else { return Ok(None) };
    sqlx::query!("select id from photos where id = any($1) order by id for no key update", &photos)
        .fetch_all(&mut **db)
        .await?;
    sqlx::query!(
        "update photos set tags = named.tags
         from (select id, array(select name from taggings join topics on topics.id = topic_id
                                where photo_id = ids.id and not doubled and banned_at is null order by place) as tags
               from unnest($1::bigint[]) as ids (id)) as named
         where photos.id = named.id and photos.tags <> named.tags",
        &photos,
    )
    .execute(&mut **db)
    .await?;
    Ok(Some(PhotoId(last)))
}

/// What looks at all photos takes longer than what a page asks for.
async fn wait_longer(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select set_config('statement_timeout', '10min', true)").fetch_one(db).await?;
    Ok(())
}
