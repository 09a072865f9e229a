//! Taking pictures out of an archive. Each function does nothing and says so if the import is no longer being unpacked.

use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::plan::Planned;
use super::types::ImportState;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{ImportId, PhotoId, UserId};
use crate::jobs::imports::ImportFile;
use crate::notifications::{self, News};

/// An import that is being unpacked.
#[derive(Clone, Debug)]
pub struct Unpacking {
    /// Whose it is.
    pub owner: UserId,
    /// The archive's key in the store; `None` if it was given up.
    pub source_key: Option<String>,
    /// Whether the files of the archive are listed.
    pub is_listed: bool,
}

/// A picture in the store.
#[derive(Clone, Copy, Debug)]
pub struct StoredPicture<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its BLAKE3.
    pub print: &'a [u8; 32],
}

/// Finds an import that is being unpacked.
pub async fn find(db: &mut PgConnection, import: ImportId) -> sqlx::Result<Option<Unpacking>> {
    sqlx::query_as!(
        Unpacking,
        r#"select owner_id as "owner: UserId", source_key, listed_at is not null as "is_listed!" from imports
           where id = $1 and state = 'unpacking'"#,
        import.0,
    )
    .fetch_optional(db)
    .await
}

/// Locks an import, and returns its owner and state. The owner's row is locked before: a deletion of the account locks
/// in this order.
pub(super) async fn lock(db: &mut Tx, import: ImportId) -> sqlx::Result<Option<(UserId, ImportState)>> {
    sqlx::query!(
        "select id from users where id = (select owner_id from imports where id = $1) for key share",
        import.0
    )
    .fetch_optional(&mut **db)
    .await?;
    let row = sqlx::query!(
        r#"select owner_id as "owner: UserId", state as "state: ImportState" from imports
           where id = $1 for no key update"#,
        import.0,
    )
    .fetch_optional(&mut **db)
    .await?;
    Ok(row.map(|row| (row.owner, row.state)))
}

async fn lock_unpacking(db: &mut Tx, import: ImportId) -> sqlx::Result<Option<UserId>> {
    let locked = lock(db, import).await?;
    Ok(locked.filter(|(_, state)| *state == ImportState::Unpacking).map(|(owner, _)| owner))
}

/// Notes the files of the archive.
pub async fn list_files(db: &mut Tx, import: ImportId, files: &[Planned]) -> sqlx::Result<bool> {
    if lock_unpacking(db, import).await?.is_none() {
        return Ok(false);
    }
    let numbers: Vec<_> = files.iter().map(|file| i32::try_from(file.number).unwrap_or(i32::MAX)).collect();
    let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
    let refusals: Vec<_> = files.iter().map(|file| file.refusal.clone()).collect();
    let about: Vec<_> =
        files.iter().map(|file| serde_json::to_value(&file.about).unwrap_or_default()).collect();
    sqlx::query!(
        "insert into import_files (import_id, number, name, state, reason, about)
         select $1, number, name, case when refusal is null then 'waiting' else 'refused' end, refusal, about
         from unnest($2::int[], $3::text[], $4::text[], $5::jsonb[]) as file (number, name, refusal, about)
         on conflict do nothing",
        import.0,
        &numbers,
        &names,
        &refusals as &[Option<String>],
        &about,
    )
    .execute(&mut **db)
    .await?;
    sqlx::query!("update imports set listed_at = coalesce(listed_at, now()) where id = $1", import.0)
        .execute(&mut **db)
        .await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(true)
}

/// Lists the numbers of files that are still only in the archive.
pub async fn list_waiting(db: &mut PgConnection, import: ImportId) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        "select number from import_files where import_id = $1 and state = 'waiting' order by number",
        import.0,
    )
    .fetch_all(db)
    .await
}

/// How many pictures of an import are stored and have no draft yet, each content once, and how many bytes they have.
pub async fn count_stored(db: &mut PgConnection, import: ImportId) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "files!", coalesce(sum(bytes), 0)::bigint as "bytes!"
           from (select distinct on (print) bytes from import_files
                 where import_id = $1 and state = 'stored') as stored"#,
        import.0,
    )
    .fetch_one(db)
    .await?;
    Ok((row.files, row.bytes))
}

/// Notes that a picture is stored, and enqueues the job that makes its draft.
pub async fn keep(
    db: &mut Tx,
    import: ImportId,
    number: i32,
    stored: StoredPicture<'_>,
) -> sqlx::Result<bool> {
    let Some(owner) = lock_unpacking(db, import).await? else { return Ok(false) };
    let kept = sqlx::query!(
        "update import_files
         set state = 'stored', reason = null, may_retry = false, source_key = $3, bytes = $4, print = $5
         where import_id = $1 and number = $2 and state = 'waiting'",
        import.0,
        number,
        stored.key,
        i64::try_from(stored.bytes).unwrap_or(i64::MAX),
        stored.print.as_slice(),
    )
    .execute(&mut **db)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    ImportFile { import, number, owner }.enqueue(db).await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(true)
}

/// What becomes of a file that is not stored.
#[derive(Clone, Debug)]
pub enum Unstored {
    /// It can't be used.
    Refused {
        /// Why.
        reason: String,
        /// Whether its owner may try it again.
        may_retry: bool,
    },
    /// Its owner has a photo of the same file.
    Duplicate(PhotoId),
}

/// Gives a file that is still only in the archive its outcome.
pub async fn settle(db: &mut Tx, import: ImportId, number: i32, outcome: &Unstored) -> sqlx::Result<bool> {
    if lock_unpacking(db, import).await?.is_none() {
        return Ok(false);
    }
    let (state, reason, may_retry, photo) = match outcome {
        Unstored::Refused { reason, may_retry } => ("refused", Some(reason.as_str()), *may_retry, None),
        Unstored::Duplicate(photo) => ("duplicate", None, false, Some(photo.0)),
    };
    sqlx::query!(
        "update import_files set state = $3, reason = $4, may_retry = $5, photo_id = $6
         where import_id = $1 and number = $2 and state = 'waiting'",
        import.0,
        number,
        state,
        reason,
        may_retry,
        photo,
    )
    .execute(&mut **db)
    .await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(true)
}

/// Notes that all pictures are taken out. The import is done if all of them have an outcome.
pub async fn finish(db: &mut Tx, import: ImportId) -> sqlx::Result<bool> {
    if lock_unpacking(db, import).await?.is_none() {
        return Ok(false);
    }
    sqlx::query!("update imports set state = 'importing' where id = $1", import.0).execute(&mut **db).await?;
    end_if_settled(db, import).await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(true)
}

/// Gives up an archive that can't be used, or couldn't be read. The import ends if its files aren't listed yet; else those
/// that are still in the archive share its fate, and those that were taken out go on.
pub async fn refuse(db: &mut Tx, import: ImportId, reason: &str, may_retry: bool) -> sqlx::Result<bool> {
    let Some(owner) = lock_unpacking(db, import).await? else { return Ok(false) };
    let refused = sqlx::query!(
        "update imports set state = 'refused', reason = $2, may_retry = $3, ended_at = now()
         where id = $1 and listed_at is null",
        import.0,
        reason,
        may_retry,
    )
    .execute(&mut **db)
    .await?;
    if refused.rows_affected() > 0 {
        tell(db, owner, import).await?;
        return Ok(true);
    }
    sqlx::query!(
        "update import_files set state = case when $3 then 'failed' else 'refused' end, reason = $2, may_retry = $3
         where import_id = $1 and state = 'waiting'",
        import.0,
        reason,
        may_retry,
    )
    .execute(&mut **db)
    .await?;
    finish(db, import).await
}

/// Ends an import all of whose files have an outcome, and tells its owner. The import is locked.
pub(super) async fn end_if_settled(db: &mut Tx, import: ImportId) -> sqlx::Result<()> {
    let owner = sqlx::query_scalar!(
        r#"update imports set state = 'done', ended_at = now()
           where id = $1 and state = 'importing'
             and not exists (select from import_files where import_id = $1 and state in ('waiting', 'stored'))
           returning owner_id as "owner: UserId""#,
        import.0,
    )
    .fetch_optional(&mut **db)
    .await?;
    match owner {
        Some(owner) => tell(db, owner, import).await,
        None => Ok(()),
    }
}

async fn tell(db: &mut Tx, owner: UserId, import: ImportId) -> sqlx::Result<()> {
    notifications::record(db, &[News::import_done(owner, import)]).await?;
    Event::ImportChanged { import }.record(db).await
}
