//! What owners do with their imports: cancel, try again, undo.

use pawdium_queue::Enqueue as _;

use super::types::ImportState;
use super::unpacking::lock;
use crate::accounts::proof;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{ImportId, PhotoId, UserId};
use crate::jobs::imports::{UndoImport, UnpackImport};
use crate::jobs::media::DiscardFiles;
use crate::photos::transitions;

/// How many files a job deletes at most.
const FILES: usize = 500;

/// Why an act was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The import doesn't exist, or is somebody else's.
    #[error("This import no longer exists.")]
    Gone,
    /// Another import is under way.
    #[error("Another import of yours is under way. Wait for its end, or cancel it.")]
    UnderWay,
    /// The archive is no longer kept.
    #[error("The archive is no longer kept. Import it again: what you have already is recognised.")]
    NoArchive,
    /// Nothing can be tried again.
    #[error("Nothing in this import can be tried again.")]
    NothingToRetry,
    /// It can only be undone when it has ended.
    #[error("Cancel this import before you undo it.")]
    NotEnded,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl crate::db::Conflict for NotDone {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

/// Locks the owner and an import of theirs.
async fn lock_own(db: &mut Tx, import: ImportId, owner: UserId) -> Result<ImportState, NotDone> {
    // No two acts of an owner start something at once.
    proof::lock(db, &[owner]).await?;
    let locked = lock(db, import).await?.filter(|(found, _)| *found == owner);
    locked.map(|(_, state)| state).ok_or(NotDone::Gone)
}

/// Stops an import. The drafts that it has made stay. Does nothing if it has ended.
///
/// # Errors
/// [`NotDone::Gone`] if it is no import of this owner.
pub async fn cancel(db: &mut Tx, import: ImportId, owner: UserId) -> Result<(), NotDone> {
    let state = lock_own(db, import, owner).await?;
    if !matches!(state, ImportState::Unpacking | ImportState::Importing) {
        return Ok(());
    }
    sqlx::query!("update imports set state = 'cancelled', ended_at = now() where id = $1", import.0)
        .execute(&mut **db)
        .await?;
    let stored = sqlx::query_scalar!(
        r#"update import_files as file set state = 'cancelled', reason = null, source_key = null
           from (select number, source_key from import_files where import_id = $1 and state in ('waiting', 'stored')
                 order by number for update) as before
           where file.import_id = $1 and file.number = before.number
           returning before.source_key"#,
        import.0,
    )
    .fetch_all(&mut **db)
    .await?;
    let stored: Vec<_> = stored.into_iter().flatten().collect();
    for originals in stored.chunks(FILES) {
        DiscardFiles { originals: originals.to_vec(), pictures: Vec::new() }.enqueue(db).await?;
    }
    Ok(Event::ImportChanged { import }.record(db).await?)
}

/// Tries again what has failed, and what was refused for a reason that may be gone. Returns how many files.
///
/// # Errors
/// Why nothing is tried again.
pub async fn retry(db: &mut Tx, import: ImportId, owner: UserId) -> Result<u64, NotDone> {
    let state = lock_own(db, import, owner).await?;
    match state {
        ImportState::Done | ImportState::Refused => {}
        ImportState::Cancelled | ImportState::Undoing | ImportState::Undone => {
            return Err(NotDone::NothingToRetry);
        }
        // The second of two equal forms.
        ImportState::Unpacking | ImportState::Importing => return Ok(0),
    }
    if super::start::find_under_way(db, owner).await?.is_some() {
        return Err(NotDone::UnderWay);
    }
    let found = sqlx::query!("select source_key, may_retry from imports where id = $1", import.0)
        .fetch_one(&mut **db)
        .await?;
    let files = sqlx::query!(
        "update import_files set state = 'waiting', reason = null, may_retry = false
         where import_id = $1 and may_retry and state in ('refused', 'failed')",
        import.0,
    )
    .execute(&mut **db)
    .await?
    .rows_affected();
    if files == 0 && !found.may_retry {
        return Err(NotDone::NothingToRetry);
    }
    if found.source_key.is_none() {
        return Err(NotDone::NoArchive);
    }
    sqlx::query!(
        "update imports set state = 'unpacking', reason = null, may_retry = false, ended_at = null where id = $1",
        import.0,
    )
    .execute(&mut **db)
    .await?;
    UnpackImport { import, owner }.enqueue(db).await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(files)
}

/// Starts deleting the drafts of an import that has ended. Does nothing if that was started before.
///
/// # Errors
/// Why nothing is undone.
pub async fn undo(db: &mut Tx, import: ImportId, owner: UserId) -> Result<(), NotDone> {
    match lock_own(db, import, owner).await? {
        ImportState::Done | ImportState::Cancelled | ImportState::Refused => {}
        ImportState::Undoing | ImportState::Undone => return Ok(()),
        ImportState::Unpacking | ImportState::Importing => return Err(NotDone::NotEnded),
    }
    if super::start::find_under_way(db, owner).await?.is_some() {
        return Err(NotDone::UnderWay);
    }
    sqlx::query!("update imports set state = 'undoing', ended_at = null where id = $1", import.0)
        .execute(&mut **db)
        .await?;
    UndoImport { import, owner }.enqueue(db).await?;
    Ok(Event::ImportChanged { import }.record(db).await?)
}

/// Deletes up to `limit` drafts of an import that is being undone, except those that their owner has changed or
/// published. Returns how many files it has decided about; with none left the import is undone.
pub async fn undo_some(db: &mut Tx, import: ImportId, owner: UserId, limit: i64) -> sqlx::Result<usize> {
    proof::lock(db, &[owner]).await?;
    if !matches!(lock(db, import).await?, Some((_, ImportState::Undoing))) {
        return Ok(0);
    }
    let files = sqlx::query!(
        r#"select number, photo_id as "photo: PhotoId" from import_files
           where import_id = $1 and state = 'imported' and reason is null order by photo_id limit $2"#,
        import.0,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    if files.is_empty() {
        sqlx::query!("update imports set state = 'undone', ended_at = now() where id = $1", import.0)
            .execute(&mut **db)
            .await?;
        Event::ImportChanged { import }.record(db).await?;
        return Ok(0);
    }
    transitions::lock_all(db, &files.iter().filter_map(|file| file.photo).collect()).await?;
    for file in &files {
        let becomes = undo_one(db, owner, file.photo).await?;
        let (state, reason) = becomes.map_or(("undone", None), |kept| ("imported", Some(kept)));
        sqlx::query!(
            "update import_files set state = $3, reason = $4, photo_id = case when $3 = 'imported' then photo_id end
             where import_id = $1 and number = $2",
            import.0,
            file.number,
            state,
            reason,
        )
        .execute(&mut **db)
        .await?;
    }
    Event::ImportChanged { import }.record(db).await?;
    Ok(files.len())
}

/// Deletes a locked draft. Returns why it stays, if it does.
async fn undo_one(db: &mut Tx, owner: UserId, photo: Option<PhotoId>) -> sqlx::Result<Option<&'static str>> {
    let Some(photo) = photo else { return Ok(None) };
    let found = sqlx::query!(
        r#"select state = 'draft' as "is_draft!", state = 'deleted' as "is_deleted!", version = 1 as "is_unchanged!",
                  owner_id = $2 as "is_own!"
           from photos where id = $1"#,
        photo.0,
        owner.0,
    )
    .fetch_optional(&mut **db)
    .await?;
    let Some(found) = found.filter(|found| !found.is_deleted) else { return Ok(None) };
    if !found.is_draft || !found.is_own {
        return Ok(Some("It stays, because you have published it."));
    }
    if !found.is_unchanged {
        return Ok(Some("It stays, because you have changed it."));
    }
    transitions::delete(db, photo).await?;
    Ok(None)
}

/// Ends undoing whose job has ended before it was done. What it hasn't deleted stays.
pub(super) async fn end_undoing(db: &mut Tx, import: ImportId) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "update imports set state = 'done', ended_at = now() where id = $1 and state = 'undoing'",
        import.0,
    );
    let is_ended = ended.execute(&mut **db).await?.rows_affected() > 0;
    Event::ImportChanged { import }.record(db).await?;
    Ok(is_ended)
}
