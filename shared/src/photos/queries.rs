//! Photos in the database.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pawdium_media::Fingerprint;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::Histogram;
use super::types::{Commenters, Photo, PhotoState, Sizes, Species};
use crate::db::{Batcher, Db};
use crate::ids::{PhotoId, UserId};

/// A photo's row. [`Photo`] is the public type.
struct Row {
    id: PhotoId,
    title: String,
    alt: String,
    species: Species,
    tags: Vec<String>,
    owner: UserId,
    owner_name: Option<String>,
    state: PhotoState,
    reason: Option<String>,
    sizes: Json<Sizes>,
    placeholder: Option<String>,
    histogram: Histogram,
    score: Option<f64>,
    rank: Option<i32>,
    virality: Option<f64>,
    views: i64,
    shares: i64,
    created_at: DateTime<Utc>,
    touched_at: DateTime<Utc>,
    version: i32,
    revision: i32,
    picture: i16,
    picture_since: i32,
    parent: Option<PhotoId>,
    depth: i16,
    remixes: bool,
    comments: Commenters,
    remixed: i64,
    commented: i64,
}

impl From<Row> for Photo {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            title: row.title,
            alt: row.alt,
            species: row.species,
            tags: row.tags,
            owner: row.owner,
            owner_name: row.owner_name,
            state: row.state,
            reason: row.reason,
            sizes: row.sizes.0,
            placeholder: row.placeholder,
            histogram: row.histogram,
            score: row.score,
            rank: row.rank,
            virality: row.virality,
            views: row.views,
            shares: row.shares,
            created_at: row.created_at,
            touched_at: row.touched_at,
            version: row.version,
            revision: row.revision,
            picture: row.picture,
            picture_since: row.picture_since,
            parent: row.parent,
            depth: row.depth,
            remixes: row.remixes,
            comments: row.comments,
            remixed: row.remixed,
            commented: row.commented,
        }
    }
}

/// A checked query for whole photos. The macro has the columns, the caller the rest of the statement.
macro_rules! photos_where {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select photos.id as "id: crate::ids::PhotoId", title, alt,
                      species as "species: crate::photos::Species",
                      array(select topics.name from taggings join topics on topics.id = topic_id
                            where photo_id = photos.id and not doubled and banned_at is null order by place)
                          as "tags!",
                      owner_id as "owner: crate::ids::UserId", users.name as owner_name,
                      state as "state: crate::photos::PhotoState", reason,
                      coalesce((select jsonb_object_agg(edge, jsonb_build_object(
                                    'key', key, 'width', width, 'height', height, 'bytes', bytes))
                                from photo_files where photo_id = photos.id and state in ('live', 'draft')), '{}')
                          as "sizes!: sqlx::types::Json<crate::photos::Sizes>",
                      placeholder, histogram as "histogram: crate::photos::Histogram",
                      score as "score?", rank as "rank?", virality, views, shares, photos.created_at,
                      touched_at, version, revision_number as revision, picture,
                      picture_since,
                      parent_id as "parent: crate::ids::PhotoId", depth, photos.remixes,
                      photos.comments as "comments: crate::photos::Commenters",
                      photo_stats.remixes as remixed, photo_stats.comments as commented
               from photos
               join users on users.id = owner_id
               join photo_stats on photo_stats.photo_id = photos.id
               left join photo_ranks on photo_ranks.photo_id = photos.id "# + $rest
            $(, $argument)*
        )
    };
}

/// Finds a photo in any state except deleted.
pub async fn find(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Photo>> {
    let row = photos_where!("where photos.id = $1 and state <> 'deleted'", photo.0);
    Ok(row.fetch_optional(db).await?.map(Photo::from))
}

/// Finds photos in any state except deleted. Concurrent calls share a query. Call it inside a runtime.
#[must_use]
pub fn finder(db: Db) -> Batcher<PhotoId, Option<Photo>> {
    Batcher::start(db, |db, photos: Vec<PhotoId>| async move {
        let found = find_each(&mut *db.acquire().await?, &photos).await?;
        Ok(photos.iter().map(|photo| found.get(photo).cloned()).collect())
    })
}

/// Finds those of these photos that are not deleted.
pub async fn find_each(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<HashMap<PhotoId, Photo>> {
    let mut ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    ids.sort_unstable();
    ids.dedup();
    // An array in a subselect lets Postgres reuse the plan; planning costs more than the query.
    let rows = photos_where!(
        "join unnest((select $1::bigint[])) as given (id) on given.id = photos.id where state <> 'deleted'",
        &ids,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, Photo::from(row))).collect())
}

/// Lists the ids of a user's live photos.
pub async fn list_live_ids(db: &mut PgConnection, owner: UserId) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where owner_id = $1 and state = 'live' order by id"#,
        owner.0,
    )
    .fetch_all(db)
    .await
}

/// Lists those of these photos that are live, in any order.
pub async fn list_live_of(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<PhotoId>> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where id = any($1) and state = 'live'"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// Lists a user's photos, newest first: live ones, or with `own` all that are not deleted or hidden.
pub async fn list_by_owner(db: &mut PgConnection, owner: UserId, own: bool) -> sqlx::Result<Vec<Photo>> {
    let rows = photos_where!(
        "where owner_id = $1 and (state = 'live' or ($2 and state in ('draft', 'processing', 'failed')))
         order by photos.id desc limit 500",
        owner.0,
        own,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Photo::from).collect())
}

/// Lists at most `limit` live photos of any owner with the same picture as this one, oldest first. This one may be in
/// any state. Compares with all live photos, which takes 0.2 s for 300,000.
pub async fn list_alike(db: &mut PgConnection, photo: PhotoId, limit: i64) -> sqlx::Result<Vec<Photo>> {
    let rows = photos_where!(
        "where state = 'live' and photos.id = any(array(
             select other.id from photos as this
             join photos as other on other.id <> this.id and other.state = 'live'
                 and (other.source_hash = this.source_hash
                      or fingerprint_distance(other.fingerprint, this.fingerprint) <= $2)
             where this.id = $1
             order by other.id limit $3))
         order by photos.id",
        photo.0,
        i64::from(Fingerprint::SAME),
        limit,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Photo::from).collect())
}

/// What is kept until the member acts.
#[derive(Clone, Copy, Debug)]
pub struct KeptOriginals {
    /// The number of photos.
    pub uploads: i64,
    /// The total size of their originals in bytes.
    pub bytes: i64,
}

/// Lists a user's drafts. Those that expire first come first.
pub async fn list_drafts(db: &mut PgConnection, owner: UserId) -> sqlx::Result<Vec<Photo>> {
    let rows = photos_where!(
        "where owner_id = $1 and state = 'draft' order by touched_at, photos.id limit 1000",
        owner.0,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Photo::from).collect())
}

/// Lists at most `limit` live remixes of a photo, newest first.
pub async fn list_remixes(db: &mut PgConnection, photo: PhotoId, limit: i64) -> sqlx::Result<Vec<Photo>> {
    let rows = photos_where!(
        "where parent_id = $1 and state = 'live' order by photos.id desc limit $2",
        photo.0,
        limit,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Photo::from).collect())
}

/// Counts what a user keeps unpublished: drafts, and failed photos with an original.
pub async fn count_kept(db: &mut PgConnection, owner: UserId) -> sqlx::Result<KeptOriginals> {
    sqlx::query_as!(
        KeptOriginals,
        r#"select count(*) as "uploads!", coalesce(sum(source_bytes), 0)::bigint as "bytes!" from photos
           where owner_id = $1 and (state = 'draft' or source_key is not null and state = 'failed')"#,
        owner.0,
    )
    .fetch_one(db)
    .await
}

/// Serializes counts of one user's originals until the transaction ends.
pub async fn lock_kept(db: &mut PgConnection, owner: UserId) -> sqlx::Result<()> {
    sqlx::query!("select id from users where id = $1 for no key update", owner.0).fetch_optional(db).await?;
    Ok(())
}

/// Finds the size of a photo's original in bytes; `None` for photos from before it was recorded.
pub async fn find_original_bytes(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<u64>> {
    let bytes = sqlx::query_scalar!("select source_bytes from photos where id = $1", photo.0);
    let bytes = bytes.fetch_optional(db).await?.flatten();
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
}

/// Whether any photo or portrait still needs this original.
pub async fn original_in_use(db: &mut PgConnection, key: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from photos where source_key = $1)
               or exists (select from avatar_uploads where source_key = $1) as "found!""#,
        key,
    )
    .fetch_one(db)
    .await
}

/// Returns those of the given media keys that no photo and no portrait shows.
pub async fn list_unshown(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) as given (key)
           where not exists (select from photo_files join photos on photos.id = photo_id
                             where photo_files.key = given.key and state not in ('hidden', 'deleted'))
             and not exists (select from photo_picture_files join photos on photos.id = photo_id
                             where photo_picture_files.key = given.key and state not in ('hidden', 'deleted'))
             and not exists (select from users where avatar = given.key)
             and not exists (select from avatar_uploads where avatar_uploads.key = given.key)"#,
        keys,
    )
    .fetch_all(db)
    .await
}

/// Returns those of the given media keys that no hidden photo refers to, or that something shows.
pub async fn list_not_withheld(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select given.key as "key!"
           from unnest($1::text[]) as given (key)
           left join (select key, photo_id from photo_files union all select key, photo_id from photo_picture_files)
               as claims on claims.key = given.key
           left join photos on photos.id = claims.photo_id
           group by given.key
           having coalesce(bool_or(state not in ('hidden', 'deleted')),
                           not exists (select from acts
                                       where act = 'remove_avatar' and before->>'avatar' = given.key))
               or exists (select from users where avatar = given.key)
               or exists (select from avatar_uploads where avatar_uploads.key = given.key)"#,
        keys,
    )
    .fetch_all(db)
    .await
}

/// Counts live photos.
pub async fn count_live(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from photos where state = 'live'"#).fetch_one(db).await
}

/// Returns those of the given originals that no photo and no portrait needs.
pub async fn unneeded_originals(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) as given (key)
           where not exists (select from photos where photos.source_key = given.key)
             and not exists (select from avatar_uploads where avatar_uploads.source_key = given.key)"#,
        keys,
    )
    .fetch_all(db)
    .await
}

/// Finds the owner of a deleted photo; `None` if it isn't deleted or never existed.
pub async fn find_owner_of_deleted(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"select owner_id as "owner: UserId" from photos where id = $1 and state = 'deleted'"#,
        photo.0,
    )
    .fetch_optional(db)
    .await
}
