//! The files that photos and portraits refer to. Files are named by their content, so several photos may share one; the
//! last of them deletes it.
//!
//! Storing a file must not race with deleting it, since a live photo needs its files. So a photo claims its files
//! before it stores them, and a file is deleted under a lock, after a check that no photo claims it.
//!
//! The claims also say where a file is. While only hidden photos claim it, it is among the withheld files, which nobody
//! is served. A change of claims enqueues [`RemoveFiles`](crate::jobs::media::RemoveFiles). Its handler locks each file,
//! reads its claims, and moves or deletes it. The purge does the same for files that were missed.

use std::time::Duration;

use sqlx::PgConnection;

use super::types::Picture;
use crate::ids::PhotoId;

/// After which time it is looked where the files of a photo belong that was about to come back: longer than a request.
pub(super) const SETTLED_AFTER: Duration = Duration::from_mins(2);

/// Claims a photo's files. Returns false if it is no longer processing. Waits while one of them is being deleted.
pub async fn name(db: &mut PgConnection, photo: PhotoId, pictures: &[(u16, Picture)]) -> sqlx::Result<bool> {
    lock_names(db, photo).await?;
    let state = sqlx::query_scalar!("select state from photos where id = $1", photo.0);
    if state.fetch_optional(&mut *db).await?.as_deref() != Some("processing") {
        return Ok(false);
    }
    for (edge, picture) in pictures {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        lock_name(db, &picture.key).await?;
        sqlx::query!(
            "insert into photo_files (photo_id, edge, key, width, height, bytes) values ($1, $2, $3, $4, $5, $6)
             on conflict (photo_id, edge) do update
             set key = excluded.key, width = excluded.width, height = excluded.height, bytes = excluded.bytes",
            photo.0,
            i16::try_from(*edge).unwrap_or(i16::MAX),
            picture.key,
            number(picture.width),
            number(picture.height),
            number(picture.bytes),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(true)
}

/// Claims the files of another picture of a live photo, which isn't shown yet. Waits while one of them is being
/// deleted.
pub(crate) async fn name_kept(
    db: &mut PgConnection,
    photo: PhotoId,
    number: i16,
    pictures: &[(u16, Picture)],
) -> sqlx::Result<()> {
    for (edge, picture) in pictures {
        let size = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        lock_name(db, &picture.key).await?;
        sqlx::query!(
            "insert into photo_picture_files (photo_id, number, edge, key, width, height, bytes)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (photo_id, number, edge) do update
             set key = excluded.key, width = excluded.width, height = excluded.height, bytes = excluded.bytes",
            photo.0,
            number,
            i16::try_from(*edge).unwrap_or(i16::MAX),
            picture.key,
            size(picture.width),
            size(picture.height),
            size(picture.bytes),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Prevents that a file is deleted until the transaction ends. Waits while it is being deleted.
pub(super) async fn lock_name(db: &mut PgConnection, key: &str) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", key).fetch_one(db).await?;
    Ok(())
}

/// Prevents changes to a photo's claims until the transaction ends. Without this, a photo that is hidden or deleted
/// while it is processed would keep claims that are made a moment later.
pub(crate) async fn lock_names(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(1, hashint8($1))", photo.0).fetch_one(db).await?;
    Ok(())
}

/// Deletes a photo's claims to the files of the picture that it shows. Returns the files.
pub async fn forget(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("delete from photo_files where photo_id = $1 returning key", photo.0)
        .fetch_all(db)
        .await
}

/// Lists the files that a photo claims, of all its pictures.
pub(super) async fn list(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select key as "key!" from photo_files where photo_id = $1
           union select key from photo_picture_files where photo_id = $1 order by 1"#,
        photo.0,
    )
    .fetch_all(db)
    .await
}

/// For whom a file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A photo or a portrait shows it, or is about to.
    Shown,
    /// Only photos and portraits claim it that moderators have taken away, and that may come back. It must not be served.
    Withheld,
    /// Nothing claims it.
    None,
}

/// For whom a file is kept. That can't change until the transaction ends, so move or delete the file before that.
pub async fn lock_claim(db: &mut PgConnection, key: &str) -> sqlx::Result<Claim> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key).fetch_one(&mut *db).await?;
    // A separate statement: it sees what was committed during the wait for the lock.
    let claims = sqlx::query!(
        r#"select bool_or(is_shown) as is_shown
           from (select state not in ('hidden', 'deleted') from photo_files join photos on photos.id = photo_id
                 where key = $1
                 union select state not in ('hidden', 'deleted') from photo_picture_files join photos on photos.id = photo_id
                 where key = $1
                 union select true from users where avatar = $1
                 union select true from avatar_uploads where key = $1
                 union select false from acts where act = 'remove_avatar' and before->>'avatar' = $1)
                as claims (is_shown)"#,
        key,
    )
    .fetch_one(db)
    .await?;
    Ok(match claims.is_shown {
        Some(true) => Claim::Shown,
        Some(false) => Claim::Withheld,
        None => Claim::None,
    })
}
