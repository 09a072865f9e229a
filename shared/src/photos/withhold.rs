//! Photos that nobody sees as long as a sanction of their owner hides them. Unlike a moderator's hiding it keeps their
//! files, and they come back exactly as they were.

use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::types::Species;
use super::{crops, pictures};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::{ProcessPhoto, RemoveFiles};

/// Why a crop is given up that was not made yet.
const GIVEN_UP: &str =
    "Your photos were hidden before this crop was made. Choose it again when they are back.";

/// Hides up to `limit` photos of an owner that are live or become so. Returns how many; none are left after 0. Lock the
/// owner first.
pub async fn withhold(db: &mut Tx, owner: UserId, limit: i64) -> sqlx::Result<usize> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where owner_id = $1 and state in ('live', 'processing')
           order by id limit $2"#,
        owner.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    for photo in &ids {
        if crops::find(db, *photo).await?.is_some() {
            crops::refuse(db, *photo, GIVEN_UP).await?;
        }
    }
    let ids: Vec<_> = ids.iter().map(|photo| photo.0).collect();
    sqlx::query!("select id from photos where id = any($1) order by id for no key update", &ids)
        .fetch_all(&mut **db)
        .await?;
    // A separate statement: it sees the states after the wait for the locks.
    let hidden = sqlx::query!(
        r#"with found as (
               select id, state, species, virality from photos join photo_stats on photo_id = id
               where id = any($1) and state in ('live', 'processing')
           ), kept as (
               insert into withheld (owner_id, photo_id, state, virality)
               select $2, id, state, virality from found order by id
               on conflict (photo_id) do nothing
           )
           update photos set state = 'hidden' from found where photos.id = found.id
           returning photos.id as "id!: PhotoId", found.species as "species!: Species""#,
        &ids,
        owner.0,
    )
    .fetch_all(&mut **db)
    .await?;
    for row in &hidden {
        move_files(db, row.id).await?;
    }
    let events =
        hidden.iter().map(|row| Event::PhotoRemoved { photo: row.id, species: row.species }).collect();
    Event::record_all(db, events).await?;
    sqlx::query!(
        "with unranked as (delete from photo_ranks where photo_id = any($1)),
              locked as (select photo_id from photo_stats where photo_id = any($1) order by photo_id for update)
         update photo_stats set virality = null from locked where photo_stats.photo_id = locked.photo_id",
        &ids,
    )
    .execute(&mut **db)
    .await?;
    Ok(ids.len())
}

/// A photo that is withheld.
#[derive(Clone, Copy, Debug)]
pub struct WithheldPhoto {
    /// The photo.
    pub id: PhotoId,
    /// Whether its picture has been blocked, so that it stays hidden. The number of bits in which two fingerprints of
    /// the same picture differ at most is that of `Fingerprint::SAME`.
    pub is_blocked: bool,
}

/// Lists withheld photos of an owner, in the order of their ids.
pub async fn list(db: &mut PgConnection, owner: UserId, limit: i64) -> sqlx::Result<Vec<WithheldPhoto>> {
    sqlx::query_as!(
        WithheldPhoto,
        r#"select photos.id as "id: PhotoId",
                  exists (select from blocked_pictures as blocked
                          where blocked.source_hash = photos.source_hash
                             or fingerprint_distance(blocked.fingerprint, photos.fingerprint) <= $3) as "is_blocked!"
           from withheld join photos on photos.id = photo_id
           where withheld.owner_id = $1 order by photos.id limit $2"#,
        owner.0,
        limit,
        i64::from(pawdium_media::Fingerprint::SAME),
    )
    .fetch_all(db)
    .await
}

/// Shows withheld photos again as they were, or has the job make them that were processing. Those whose picture has
/// been blocked meanwhile lose their files, and one that was deleted stays so.
pub async fn give_back(db: &mut Tx, owner: UserId, photos: &[WithheldPhoto]) -> sqlx::Result<()> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.id.0).collect();
    let shown: Vec<_> = photos.iter().filter(|photo| !photo.is_blocked).map(|photo| photo.id.0).collect();
    sqlx::query!("select id from photos where id = any($1) order by id for no key update", &ids)
        .fetch_all(&mut **db)
        .await?;
    let back = sqlx::query!(
        r#"with back as (
               delete from withheld where photo_id = any($1) returning photo_id, state, virality
           ), again as (
               update photos set state = back.state from back
               where photos.id = back.photo_id and photos.state = 'hidden' and photos.id = any($2)
               returning photos.id, photos.state, photos.species, virality
           )
           select id as "id!: PhotoId", state as "state!", species as "species!: Species", virality
           from again order by id"#,
        &ids,
        &shown,
    )
    .fetch_all(&mut **db)
    .await?;
    let mut events = Vec::new();
    for row in &back {
        move_files(db, row.id).await?;
        if row.state == "live" {
            events.push(Event::PhotoPublished { photo: row.id, species: row.species });
        } else {
            ProcessPhoto { photo: row.id, owner: Some(owner) }.enqueue(db).await?;
            events.push(Event::PhotoProgressed { photo: row.id });
        }
    }
    for photo in photos.iter().filter(|photo| photo.is_blocked) {
        discard(db, photo.id).await?;
    }
    Event::record_all(db, events).await?;
    let (ids, virality): (Vec<_>, Vec<_>) = back.iter().map(|row| (row.id.0, row.virality)).unzip();
    sqlx::query!(
        "with back as (select * from unnest($1::bigint[], $2::float8[]) as back (id, virality)),
              locked as (select photo_id from photo_stats where photo_id = any($1) order by photo_id for update)
         update photo_stats set virality = back.virality
         from locked join back on id = photo_id where photo_stats.photo_id = locked.photo_id",
        &ids,
        &virality as &[Option<f64>],
    )
    .execute(&mut **db)
    .await?;
    Ok(())
}

/// Enqueues the job that puts the files of a photo where they belong now.
async fn move_files(db: &mut Tx, photo: PhotoId) -> sqlx::Result<()> {
    let pictures = sqlx::query_scalar!(
        r#"select key as "key!" from photo_files where photo_id = $1
           union select key from photo_picture_files where photo_id = $1 order by 1"#,
        photo.0,
    )
    .fetch_all(&mut **db)
    .await?;
    if pictures.is_empty() {
        return Ok(());
    }
    RemoveFiles { photo, pictures, original: None }.enqueue(db).await.map(drop)
}

/// Deletes the files of a photo that stays hidden.
async fn discard(db: &mut Tx, photo: PhotoId) -> sqlx::Result<()> {
    let pictures = pictures::forget(db, photo).await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue(db).await?;
    }
    Ok(())
}
