//! Drafts: the photos that only their owners see, until they publish them.

use pawdium_media::Crop;
use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::edits::{self, refuse_same_title};
use super::not_changed::NotChanged;
use super::pictures::crop_of;
use super::types::PhotoState;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::ProcessPhoto;

/// Within this time of the last, another look at a draft changes nothing, so that looking is cheap.
const SAME_LOOK_SECONDS: f64 = 1.0;

/// Notes that a draft's owner looked at it or keeps it: its expiry counts from now. Returns false if it is no draft of
/// this user.
pub async fn touch(db: &mut PgConnection, photo: PhotoId, owner: UserId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"with touched as (
               update photos set touched_at = now()
               where id = $1 and owner_id = $2 and state = 'draft'
                 and touched_at < now() - make_interval(secs => $3)
           )
           select exists (select from photos where id = $1 and owner_id = $2 and state = 'draft') as "found!""#,
        photo.0,
        owner.0,
        SAME_LOOK_SECONDS,
    );
    found.fetch_one(db).await
}

/// Keeps a draft on its owner's request, and tells the owner's other pages.
///
/// # Errors
/// [`NotChanged::Gone`] if it is no draft of this user.
pub async fn keep(db: &mut Tx, photo: PhotoId, owner: UserId) -> Result<(), NotChanged> {
    if !touch(db, photo, owner).await? {
        return Err(NotChanged::Gone);
    }
    Ok(Event::PhotoProgressed { photo }.record(db).await?)
}

/// Publishes a draft: a job makes its picture, and then it is live. Does nothing if it was published before.
///
/// # Errors
/// Why it was not published.
pub async fn publish(db: &mut Tx, photo: PhotoId, owner: UserId) -> Result<(), NotChanged> {
    edits::lock_owner(db, owner).await?;
    let found = edits::lock(db, photo, owner).await?;
    match found.state {
        PhotoState::Draft => {}
        PhotoState::Processing | PhotoState::Live => return Ok(()),
        _ => return Err(NotChanged::Unchangeable),
    }
    let has_picture = found.has_original
        || sqlx::query_scalar!(
            r#"select exists (select from photo_files where photo_id = $1) as "has!""#,
            photo.0
        )
        .fetch_one(&mut **db)
        .await?;
    if !has_picture {
        return Err(NotChanged::NoPicture);
    }
    refuse_same_title(db, photo, owner, &found.title).await?;
    sqlx::query!("update photos set state = 'processing', touched_at = now() where id = $1", photo.0)
        .execute(&mut **db)
        .await?;
    ProcessPhoto { photo, owner: Some(owner) }.enqueue(db).await?;
    Ok(Event::PhotoProgressed { photo }.record(db).await?)
}

/// Finds the key of a draft's original; `None` if it has none, or is no draft.
pub async fn find_original(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<String>> {
    let key = sqlx::query_scalar!("select source_key from photos where id = $1 and state = 'draft'", photo.0);
    Ok(key.fetch_optional(db).await?.flatten())
}

/// Lists those of these photos that have an original.
pub async fn list_with_original(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<PhotoId>> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where id = any($1) and source_key is not null"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// Finds the square that the owner of a draft has chosen, in pixels of its original, or of its parent's picture.
pub async fn find_crop(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Crop>> {
    let row = sqlx::query!("select crop_x, crop_y, crop_side from photos where id = $1", photo.0)
        .fetch_optional(db)
        .await?;
    Ok(row.and_then(|row| crop_of(row.crop_x, row.crop_y, row.crop_side)))
}
