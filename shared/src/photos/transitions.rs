//! Transitions between a photo's states. Each function does nothing and says so if the photo is not in the required
//! state, so a job that runs twice changes nothing the second time.
//!
//! Publishing a draft is in [`drafts`](super::drafts), a change of a live photo's picture in [`crops`](super::crops),
//! hiding a photo in [`withheld`].
//!
//! Each updates the photo's row once. A second update of a row in one transaction checks its foreign keys again, which
//! locks the owner's row, while an owner who is being deleted waits for the photo: see "The order of locks" in
//! ARCHITECTURE.md.

use std::collections::BTreeSet;

use pawdium_media::{Crop, Fingerprint};
use pawdium_queue::{Enqueue as _, Job as _};
use sqlx::PgConnection;

use super::fields::Draft;
use super::pictures::{self, FIRST, columns_of, crop_of};
use super::steps::{self, Step};
use super::types::{Commenters, PhotoState, Picture};
use super::{files, tagging, withheld};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::{ProcessPhoto, RemoveFiles};
use crate::jobs::moderation::ReviewRemixes;
use crate::jobs::notifications::TellOfRemix;

/// An original in the media store.
#[derive(Clone, Copy, Debug)]
pub struct StoredOriginal<'a> {
    /// Its key in the media store.
    pub key: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Submits a photo: inserts the row, its timeline and the job that processes it.
pub async fn submit(
    db: &mut Tx,
    owner: UserId,
    draft: &Draft,
    original: StoredOriginal<'_>,
) -> sqlx::Result<PhotoId> {
    let photo = insert(db, owner, draft, Some(original), PhotoState::Processing).await?;
    ProcessPhoto { photo, owner: Some(owner) }.enqueue(db).await?;
    Ok(photo)
}

/// Saves a photo as its owner's draft. It is processed once it is published, for which it needs an original.
pub async fn keep_draft(
    db: &mut Tx,
    owner: UserId,
    draft: &Draft,
    original: Option<StoredOriginal<'_>>,
) -> sqlx::Result<PhotoId> {
    let photo = insert(db, owner, draft, original, PhotoState::Draft).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(photo)
}

async fn insert(
    db: &mut PgConnection,
    owner: UserId,
    draft: &Draft,
    original: Option<StoredOriginal<'_>>,
    state: PhotoState,
) -> sqlx::Result<PhotoId> {
    let [x, y, side] = columns_of(draft.crop);
    let photo = sqlx::query_scalar!(
        r#"insert into photos (owner_id, title, alt, species, tags, state, source_key, crop_x, crop_y, crop_side,
                               source_bytes, comments, remixes)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                   coalesce($13, (select remixes from users where id = $1), true))
           returning id as "id: PhotoId""#,
        owner.0,
        draft.title.as_str(),
        draft.alt.as_str(),
        draft.species.name(),
        &draft.tags.names(),
        state as PhotoState,
        original.map(|original| original.key),
        x,
        y,
        side,
        original.and_then(|original| i32::try_from(original.bytes).ok()).filter(|bytes| *bytes > 0),
        draft.allowed.comments as Commenters,
        draft.allowed.remixes,
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!("insert into photo_stats (photo_id) values ($1)", photo.0).execute(&mut *db).await?;
    tagging::attach(db, photo, &draft.tags).await?;
    steps::record(db, photo, Step::Received, None).await?;
    Ok(photo)
}

/// Gives a draft without a picture its original. Returns false if the photo is no draft of this owner, or has a
/// picture.
pub async fn add_original(
    db: &mut Tx,
    photo: PhotoId,
    owner: UserId,
    original: StoredOriginal<'_>,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "update photos
         set source_key = $3, source_bytes = $4, crop_x = null, crop_y = null, crop_side = null,
             version = version + 1, touched_at = now()
         where id = $1 and owner_id = $2 and state = 'draft' and source_key is null
           and not exists (select from photo_files where photo_id = $1)",
        photo.0,
        owner.0,
        original.key,
        i32::try_from(original.bytes).ok().filter(|bytes| *bytes > 0),
    )
    .execute(&mut **db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// What the picture of a photo is made from.
#[derive(Clone, Debug)]
pub struct Original {
    /// Its key in the media store.
    pub key: String,
    /// The square that the owner chose.
    pub crop: Option<Crop>,
    /// Whether it is a published picture, which a remix has from its parent, and not an upload.
    pub is_picture: bool,
}

/// Whether to keep the original of a photo that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepOriginal {
    /// Delete it, because it will never make a photo.
    No,
    /// Keep it, so that the photo can be processed again: the error was internal.
    Yes,
}

/// Processes a failed photo again. Returns false if it hasn't failed, or its original was not kept.
pub async fn retry(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    let retried = sqlx::query!(
        "update photos set state = 'processing', reason = null
         where id = $1 and state = 'failed'
           and (source_key is not null
                or exists (select from photo_picture_files where photo_id = $1 and number = $2))",
        photo.0,
        FIRST,
    )
    .execute(&mut *db)
    .await?;
    if retried.rows_affected() == 0 {
        return Ok(false);
    }
    steps::delete(db, photo, Step::Failed).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// Whether a photo has failed.
pub async fn has_failed(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<bool> {
    let state = sqlx::query_scalar!("select state from photos where id = $1", photo.0);
    Ok(state.fetch_optional(db).await?.as_deref() == Some("failed"))
}

/// Finds what to make the picture of a photo from that is processing; `None` if there is nothing to process.
pub async fn find_original(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Original>> {
    let row = sqlx::query!(
        r#"select coalesce(source_key, (select key from photo_picture_files
                                        where photo_id = photos.id and number = $2
                                        order by edge desc limit 1)) as key,
                  source_key is null as "is_picture!", crop_x, crop_y, crop_side
           from photos where id = $1 and state = 'processing'"#,
        photo.0,
        FIRST,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| {
        let crop = crop_of(row.crop_x, row.crop_y, row.crop_side);
        Some(Original { key: row.key?, crop, is_picture: row.is_picture })
    }))
}

/// Makes a processed photo live, stores its files' keys and its fingerprint, and records the event. Returns false if it
/// is no longer processing.
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
    // A remix with a crop of its own shows another picture than the one of its parent, which stays its source.
    let live = sqlx::query!(
        r#"update photos
           set state = 'live', live_at = now(), placeholder = $2, fingerprint = $3, source_key = null,
               slot = coalesce(slot, nextval('photo_slots')),
               picture = case when source_key is null and crop_side is not null then $4::smallint + 1::smallint else $4 end
           where id = $1 and state = 'processing'
           returning species as "species: super::Species", picture, crop_x, crop_y, crop_side, depth"#,
        photo.0,
        placeholder,
        fingerprint.map(Fingerprint::to_bits),
        FIRST,
    )
    .fetch_optional(&mut **db)
    .await?;
    let Some(live) = live else { return Ok(false) };
    if live.picture != FIRST {
        pictures::keep(db, photo, crop_of(live.crop_x, live.crop_y, live.crop_side)).await?;
    }
    if live.depth > 0 {
        TellOfRemix { photo }.enqueue(db).await?;
        // Its parent may have been taken away while it was a draft.
        ReviewRemixes { photo }.enqueue(db).await?;
    }
    let species = live.species;
    steps::record(db, photo, Step::Live, None).await?;
    Event::PhotoPublished { photo, species }.record(db).await?;
    Ok(true)
}

/// Fails a photo. `reason` tells its owner what to do. Returns false if it is no longer processing.
pub async fn fail(db: &mut Tx, photo: PhotoId, reason: &str, keep: KeepOriginal) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let failed = sqlx::query!(
        "update photos set state = 'failed', reason = $2, source_key = case when $3 then source_key end, touched_at = now()
         where id = $1 and state = 'processing'",
        photo.0,
        reason,
        keep == KeepOriginal::Yes,
    )
    .execute(&mut *db)
    .await?;
    if failed.rows_affected() == 0 {
        return Ok(false);
    }
    // It may have claimed files and stored some of them.
    let pictures = match keep {
        KeepOriginal::No => pictures::forget(db, photo).await?,
        KeepOriginal::Yes => files::forget(db, photo).await?,
    };
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue(db).await?;
    }
    steps::record(db, photo, Step::Failed, None).await?;
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// Deletes a photo for good, with all that is known of its picture, removes it from rotation and lists, and enqueues a
/// job that deletes unneeded files. Returns false if it doesn't exist. Moderators use [`withheld`].
pub async fn delete(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let deleted = sqlx::query!(
        r#"update photos
           set state = 'deleted', reason = null, source_key = null, source_hash = null, fingerprint = null
           from (select id, source_key from photos where id = $1 for no key update) as before
           where photos.id = before.id and state <> 'deleted'
           returning species as "species: super::Species", before.source_key as upload"#,
        photo.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(deleted) = deleted else { return Ok(false) };
    let pictures = pictures::forget(db, photo).await?;
    sqlx::query!("delete from photo_revisions where photo_id = $1", photo.0).execute(&mut **db).await?;
    withheld::unlist(db, photo).await?;
    Event::PhotoRemoved { photo, species: deleted.species }.record(db).await?;
    if !pictures.is_empty() || deleted.upload.is_some() {
        RemoveFiles { photo, pictures, original: deleted.upload }.enqueue(db).await?;
    }
    Ok(true)
}

/// Locks all rows that hiding or deleting these photos changes. Hiding several one after the other would lock them in a
/// different order than a deletion of an account does.
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

/// Releases the originals of photos that failed `days` ago. Returns how many. The purge deletes originals that no photo
/// needs.
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

/// Lists processing photos whose job is dead or was deleted.
pub async fn list_abandoned(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where state = 'processing' and (source_key is not null or depth > 0)
             and id::text not in (select payload->>'photo' from jobs where kind = $1 and payload->>'photo' is not null)
           order by id"#,
        ProcessPhoto::KIND,
    )
    .fetch_all(db)
    .await
}

/// Whether a job makes pictures of a photo.
pub(super) async fn is_worked_on(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from jobs where kind = $1 and payload->>'photo' = $2) as "worked_on!""#,
        ProcessPhoto::KIND,
        photo.to_string(),
    )
    .fetch_one(db)
    .await
}

/// Fails a processing photo that has no job, and keeps its original. Returns false if it has a job, or isn't
/// processing.
pub async fn abandon(db: &mut Tx, photo: PhotoId, reason: &str) -> sqlx::Result<bool> {
    if is_worked_on(db, photo).await? {
        return Ok(false);
    }
    fail(db, photo, reason, KeepOriginal::Yes).await
}
