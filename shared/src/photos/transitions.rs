//! A photo's way from one state to the next. Each function does nothing and says so when the photo is not in the state
//! it starts from, so a job that runs twice changes nothing the second time.
//!
//! Each updates the photo's row once. The second update of a row in one transaction checks its foreign keys again, which
//! locks the owner's row, and an owner who is being deleted waits for the photo: see "The order of locks" in
//! ARCHITECTURE.md.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::fields::Draft;
use super::files;
use super::steps::{self, Step};
use super::types::{PhotoState, Picture};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::{ProcessPhoto, RemoveFiles};
use pawdium_media::{Crop, Fingerprint};
use pawdium_queue::{Enqueue as _, Job as _};

/// A stored upload.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// Its key in the media store.
    pub key: &'a str,
    /// How large it is.
    pub bytes: u64,
}

/// Submits a photo whose upload is stored: the row, its timeline and the job that processes it.
pub async fn submit(db: &mut Tx, owner: UserId, draft: &Draft, upload: Upload<'_>) -> sqlx::Result<PhotoId> {
    let photo = insert(db, owner, draft, upload, PhotoState::Processing).await?;
    ProcessPhoto { photo, owner: Some(owner) }.enqueue(db).await?;
    Ok(photo)
}

/// Keeps a photo as its owner's draft: nothing is processed until it is published.
pub async fn keep_draft(
    db: &mut PgConnection,
    owner: UserId,
    draft: &Draft,
    upload: Upload<'_>,
) -> sqlx::Result<PhotoId> {
    insert(db, owner, draft, upload, PhotoState::Draft).await
}

async fn insert(
    db: &mut PgConnection,
    owner: UserId,
    draft: &Draft,
    upload: Upload<'_>,
    state: PhotoState,
) -> sqlx::Result<PhotoId> {
    let side = |pick: fn(Crop) -> u32| draft.crop.and_then(|crop| i32::try_from(pick(crop)).ok());
    let photo = sqlx::query_scalar!(
        r#"insert into photos (owner_id, title, alt, species, tags, state, source_key, crop_x, crop_y, crop_side,
                               source_bytes)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           returning id as "id: PhotoId""#,
        owner.0,
        draft.title.as_str(),
        draft.alt.as_str(),
        draft.species.name(),
        draft.tags.as_slice(),
        state as PhotoState,
        upload.key,
        side(|crop| crop.x),
        side(|crop| crop.y),
        side(|crop| crop.side),
        i32::try_from(upload.bytes).ok().filter(|bytes| *bytes > 0),
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!("insert into photo_stats (photo_id) values ($1)", photo.0).execute(&mut *db).await?;
    steps::record(db, photo, Step::Received, None).await?;
    Ok(photo)
}

/// Publishes a draft. False: it is no draft of this owner, or has no picture.
pub async fn publish(db: &mut Tx, photo: PhotoId, owner: UserId) -> sqlx::Result<bool> {
    let published = sqlx::query!(
        "update photos set state = 'processing', touched_at = now()
         where id = $1 and owner_id = $2 and state = 'draft' and source_key is not null",
        photo.0,
        owner.0,
    )
    .execute(&mut *db)
    .await?;
    if published.rows_affected() == 0 {
        return Ok(false);
    }
    ProcessPhoto { photo, owner: Some(owner) }.enqueue(db).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// What the processing job works on.
#[derive(Clone, Debug)]
pub struct Source {
    /// The upload in the media store.
    pub key: String,
    /// The square that was chosen.
    pub crop: Option<Crop>,
}

/// What becomes of the original of a photo that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Original {
    /// It goes: it will never make a photo.
    Dropped,
    /// It stays, so that the photo can be processed again: the fault was ours.
    Kept,
}

/// Takes a failed photo up again, if its original was kept. False: it hasn't failed, or there is nothing to process.
pub async fn take_up(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "update photos set state = 'processing', reason = null
         where id = $1 and state = 'failed' and source_key is not null",
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    steps::take_back(db, photo, Step::Failed).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// Whether a photo has failed.
pub async fn has_failed(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<bool> {
    let state = sqlx::query_scalar!("select state from photos where id = $1", photo.0);
    Ok(state.fetch_optional(db).await?.as_deref() == Some("failed"))
}

/// The upload of a photo that is being processed; `None` when there is nothing to process.
pub async fn find_source(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Source>> {
    let row = sqlx::query!(
        r#"select source_key as "key!", crop_x, crop_y, crop_side from photos
           where id = $1 and state = 'processing' and source_key is not null"#,
        photo.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Source {
        key: row.key,
        crop: match (row.crop_x, row.crop_y, row.crop_side) {
            (Some(x), Some(y), Some(side)) => {
                Some(Crop { x: x.unsigned_abs(), y: y.unsigned_abs(), side: side.unsigned_abs() })
            }
            _ => None,
        },
    }))
}

/// Puts a processed photo in rotation, with what it looks like, names its files and tells the caches. False: it isn't processing any more.
pub async fn go_live(
    db: &mut Tx,
    photo: PhotoId,
    pictures: &[(u16, Picture)],
    placeholder: &str,
    fingerprint: Option<Fingerprint>,
) -> sqlx::Result<bool> {
    if !files::name(db, photo, pictures).await? {
        return Ok(false);
    }
    let species = sqlx::query_scalar!(
        r#"update photos
           set state = 'live', live_at = now(), placeholder = $2, fingerprint = $3, source_key = null,
               slot = coalesce(slot, nextval('photo_slots'))
           where id = $1 and state = 'processing'
           returning species as "species: super::Species""#,
        photo.0,
        placeholder,
        fingerprint.map(Fingerprint::to_bits),
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(species) = species else { return Ok(false) };
    steps::record(db, photo, Step::Live, None).await?;
    Event::PhotoPublished { photo, species }.record(db).await?;
    Ok(true)
}

/// Marks a photo as unusable, with what its owner can do about it. False: it isn't processing any more.
pub async fn fail(db: &mut Tx, photo: PhotoId, reason: &str, original: Original) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let failed = sqlx::query!(
        "update photos set state = 'failed', reason = $2, source_key = case when $3 then source_key end, touched_at = now()
         where id = $1 and state = 'processing'",
        photo.0,
        reason,
        original == Original::Kept,
    )
    .execute(&mut *db)
    .await?;
    if failed.rows_affected() == 0 {
        return Ok(false);
    }
    // It may have named files, and stored some of them.
    let pictures = files::forget(db, photo).await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, upload: None }.enqueue(db).await?;
    }
    steps::record(db, photo, Step::Failed, None).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// Takes a photo away for good, with all that was known of its picture. False: there is no such photo.
pub async fn delete(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    take_away(db, photo, PhotoState::Deleted).await
}

/// Takes a photo from everybody's sight, and its picture for good; its owner and moderators still see that it was there.
/// False: there is no such photo, or it is hidden.
pub async fn hide(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    take_away(db, photo, PhotoState::Hidden).await
}

/// Locks all of what taking these photos down changes, for who takes down several: one after the other they would be locked
/// in another order than that of whoever goes with photos and ratings.
pub async fn lock_all(db: &mut Tx, photos: &BTreeSet<PhotoId>) -> sqlx::Result<()> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    for photo in photos {
        files::lock_names(db, *photo).await?;
    }
    sqlx::query!("select id from photos where id = any($1) order by id for no key update", &ids)
        .fetch_all(&mut *db)
        .await?;
    sqlx::query!(
        "select photo_id from photo_stats where photo_id = any($1) order by photo_id for update",
        &ids
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Takes a photo out of rotation and lists, tells the caches, and has a job remove the files that nothing else needs.
async fn take_away(db: &mut Tx, photo: PhotoId, state: PhotoState) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let taken = sqlx::query!(
        r#"update photos
           set state = $2, reason = null, source_key = null,
               source_hash = case when $2 <> 'deleted' then source_hash end,
               fingerprint = case when $2 <> 'deleted' then fingerprint end
           from (select id, source_key from photos where id = $1 for no key update) as before
           where photos.id = before.id and state not in ($2, 'deleted')
           returning species as "species: super::Species", before.source_key as upload"#,
        photo.0,
        state as PhotoState,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(taken) = taken else { return Ok(false) };
    let pictures = files::forget(db, photo).await?;
    sqlx::query!(
        "with unranked as (delete from photo_ranks where photo_id = $1)
         update photo_stats set virality = null where photo_id = $1",
        photo.0
    )
    .execute(&mut *db)
    .await?;
    Event::PhotoRemoved { photo, species: taken.species }.record(db).await?;
    if !pictures.is_empty() || taken.upload.is_some() {
        RemoveFiles { photo, pictures, upload: taken.upload }.enqueue(db).await?;
    }
    Ok(true)
}

/// Deletes drafts that nobody touched for `days`; answers with how many.
pub async fn purge_drafts(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from photos where state = 'draft' and touched_at < now() - make_interval(days => $1)",
        days,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}

/// Forgets the originals of photos that failed `days` ago; answers with how many. They go as uploads that nothing needs.
pub async fn purge_originals(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "update photos set source_key = null
         where state = 'failed' and source_key is not null and touched_at < now() - make_interval(days => $1)",
        days,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}

/// Lists photos whose processing nobody works on any more: their job is dead or was deleted.
pub async fn list_abandoned(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where state = 'processing' and source_key is not null
             and id::text not in (select payload->>'photo' from jobs where kind = $1 and payload->>'photo' is not null)
           order by id"#,
        ProcessPhoto::KIND,
    )
    .fetch_all(db)
    .await
}

/// Fails a photo on which nobody works any more, and keeps its original. False: somebody does, or it isn't processing.
pub async fn abandon(db: &mut Tx, photo: PhotoId, reason: &str) -> sqlx::Result<bool> {
    let worked_on = sqlx::query_scalar!(
        r#"select exists (select from jobs where kind = $1 and payload->>'photo' = $2) as "worked_on!""#,
        ProcessPhoto::KIND,
        photo.to_string(),
    );
    if worked_on.fetch_one(&mut *db).await? {
        return Ok(false);
    }
    fail(db, photo, reason, Original::Kept).await
}
