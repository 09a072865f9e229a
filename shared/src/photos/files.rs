//! The files that photos name. Files are named by their content, so several photos may name the same one; it goes with
//! the last of them.
//!
//! Storing a file and removing one that nobody names must not cross: a photo is live only with its files. So a photo
//! names its files before it stores them, and whoever removes a file does so under a lock, after finding it unnamed.

use sqlx::PgConnection;

use super::types::Picture;
use crate::ids::PhotoId;

/// Names a photo's files, unless it isn't being processed any more: false. Waits while one of them is being removed.
pub async fn name(db: &mut PgConnection, photo: PhotoId, pictures: &[(u16, Picture)]) -> sqlx::Result<bool> {
    lock_names(db, photo).await?;
    let state = sqlx::query_scalar!("select state from photos where id = $1", photo.0);
    if state.fetch_optional(&mut *db).await?.as_deref() != Some("processing") {
        return Ok(false);
    }
    for (edge, picture) in pictures {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", picture.key)
            .fetch_one(&mut *db)
            .await?;
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

/// Until the transaction ends nobody else adds to what a photo names, or takes from it: a photo that is taken down while
/// it is processed would else keep what was named a moment later.
pub(crate) async fn lock_names(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(1, hashint8($1))", photo.0).fetch_one(db).await?;
    Ok(())
}

/// Takes a photo's names off its files and answers with the files.
pub async fn forget(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("delete from photo_files where photo_id = $1 returning key", photo.0)
        .fetch_all(db)
        .await
}

/// Whether no photo names a file; until the transaction ends none will. Remove it before then.
pub async fn lock_unnamed(db: &mut PgConnection, key: &str) -> sqlx::Result<bool> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key).fetch_one(&mut *db).await?;
    // A statement of its own: it sees what was committed while the lock was waited for.
    sqlx::query_scalar!(r#"select not exists (select from photo_files where key = $1) as "unnamed!""#, key)
        .fetch_one(db)
        .await
}
