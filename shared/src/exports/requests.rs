//! Asking for an export, and what has become of it.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_queue::{Enqueue as _, Job as _};
use sqlx::PgConnection;

use super::types::{Export, ExportState};
use crate::db::{Conflict, Tx};
use crate::ids::{ExportId, UserId};
use crate::jobs::exports::{RemoveExports, WriteExport};
use crate::jobs::mail::SendMail;
use crate::notifications::{self, News};
use crate::store::ExportKey;

/// How many exports a member can ask for within [`PERIOD`].
const PER_PERIOD: usize = 3;

/// The time in which exports are counted.
const PERIOD: TimeDelta = TimeDelta::days(1);

/// How many days an archive is kept.
const DAYS: i32 = 7;

/// Why no export was made.
#[derive(Debug, thiserror::Error)]
pub enum NotRequested {
    /// The member is gone.
    #[error("You're no longer logged in.")]
    NoUser,
    /// The member asked too often, and can ask again after this time.
    #[error("You can ask for three archives a day.")]
    TooOften(TimeDelta),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Conflict for NotRequested {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

/// Asks for an export of a member's. One that is on its way already is the answer to both requests.
///
/// # Errors
/// Why not.
pub async fn request(db: &mut Tx, user: UserId) -> Result<ExportId, NotRequested> {
    let found =
        sqlx::query!("select id from users where id = $1 and name is not null for no key update", user.0);
    if found.fetch_optional(&mut *db).await?.is_none() {
        return Err(NotRequested::NoUser);
    }
    // A job that was cancelled or has died leaves its export behind.
    sqlx::query!(
        "update exports set state = 'failed', ended_at = now()
         where user_id = $1 and state = 'waiting'
           and not exists (select from jobs where kind = $2 and unique_key = exports.id::text)",
        user.0,
        WriteExport::KIND,
    )
    .execute(&mut *db)
    .await?;
    let recent = sqlx::query!(
        r#"select id as "id: ExportId", state = 'waiting' as "waits!", requested_at from exports
           where user_id = $1 and state <> 'failed' and requested_at > $2
              or user_id = $1 and state = 'waiting'
           order by id"#,
        user.0,
        Utc::now() - PERIOD,
    );
    let recent = recent.fetch_all(&mut *db).await?;
    if let Some(waiting) = recent.iter().find(|export| export.waits) {
        return Ok(waiting.id);
    }
    if let Some(counts) = recent.len().checked_sub(PER_PERIOD).and_then(|place| recent.get(place)) {
        return Err(NotRequested::TooOften(counts.requested_at + PERIOD - Utc::now()));
    }
    let export = sqlx::query_scalar!(
        r#"insert into exports (user_id) values ($1) returning id as "id: ExportId""#,
        user.0,
    );
    let export = export.fetch_one(&mut *db).await?;
    WriteExport { export }.enqueue(db).await?;
    Ok(export)
}

/// Finds an export of a member's.
pub async fn find(db: &mut PgConnection, export: ExportId, user: UserId) -> sqlx::Result<Option<Export>> {
    sqlx::query_as!(
        Export,
        r#"select id as "id: ExportId",
                  case when state = 'ready' and expires_at <= now() then 'expired' else state end
                      as "state!: ExportState",
                  requested_at, expires_at, bytes, photos
           from exports where id = $1 and user_id = $2"#,
        export.0,
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Lists what a member needs to know of: the latest export, and the one whose archive can be downloaded.
pub async fn list_shown(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Export>> {
    sqlx::query_as!(
        Export,
        r#"select id as "id: ExportId",
                  case when state = 'ready' and expires_at <= now() then 'expired' else state end
                      as "state!: ExportState",
                  requested_at, expires_at, bytes, photos
           from exports
           where user_id = $1
             and (id = (select max(latest.id) from exports as latest where latest.user_id = $1)
                  or state = 'ready' and expires_at > now())
           order by id desc"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// An archive that can be downloaded.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Its key in the media store.
    pub key: ExportKey,
    /// Its size in bytes.
    pub bytes: u64,
    /// When its owner asked for it.
    pub requested_at: DateTime<Utc>,
}

/// Finds the archive of a member's export; `None` if it isn't ready, has expired or is somebody else's.
pub async fn find_archive(
    db: &mut PgConnection,
    export: ExportId,
    user: UserId,
) -> sqlx::Result<Option<Archive>> {
    let found = sqlx::query!(
        r#"select key as "key!", bytes as "bytes!", requested_at from exports
           where id = $1 and user_id = $2 and state = 'ready' and expires_at > now()"#,
        export.0,
        user.0,
    );
    let found = found.fetch_optional(db).await?;
    Ok(found.and_then(|row| {
        let (key, bytes) = (row.key.parse().ok()?, row.bytes.unsigned_abs());
        Some(Archive { key, bytes, requested_at: row.requested_at })
    }))
}

/// Finds whose export this is, if its archive is still to be written.
pub async fn find_waiting(db: &mut PgConnection, export: ExportId) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"select user_id as "user: UserId" from exports where id = $1 and state = 'waiting'"#,
        export.0,
    )
    .fetch_optional(db)
    .await
}

/// An archive that is in the store.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its key in the media store.
    pub key: ExportKey,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many photos it has.
    pub photos: usize,
}

/// Names the archive of an export, so that its owner can download it, and tells the owner. The one that the owner had
/// before is deleted. Returns false if nobody waits for it any more; then the caller deletes the archive.
pub async fn finish(db: &mut Tx, export: ExportId, finished: &Finished) -> sqlx::Result<bool> {
    let owner = sqlx::query_scalar!("select user_id from exports where id = $1", export.0);
    let Some(owner) = owner.fetch_optional(&mut *db).await? else { return Ok(false) };
    let user = sqlx::query!("select email from users where id = $1 for no key update", owner);
    let Some(user) = user.fetch_optional(&mut *db).await? else { return Ok(false) };
    // A separate statement: it sees what was committed during the wait for the lock.
    if find_waiting(db, export).await?.is_none() {
        return Ok(false);
    }
    let before = sqlx::query_scalar!(
        r#"update exports set state = 'expired', key = null
           from (select id, key from exports where user_id = $1 and state = 'ready') as before
           where exports.id = before.id
           returning before.key as "key!""#,
        owner,
    );
    let before = before.fetch_all(&mut *db).await?;
    sqlx::query!(
        "update exports
         set state = 'ready', ended_at = now(), expires_at = now() + make_interval(days => $5), key = $2, bytes = $3,
             photos = $4
         where id = $1",
        export.0,
        finished.key.as_str(),
        i64::try_from(finished.bytes).unwrap_or(i64::MAX),
        i32::try_from(finished.photos).unwrap_or(i32::MAX),
        DAYS,
    )
    .execute(&mut *db)
    .await?;
    if !before.is_empty() {
        RemoveExports { keys: before }.enqueue(db).await?;
    }
    let owner = UserId(owner);
    notifications::record(db, &[News::export_ready(owner, export)]).await?;
    if let Some(email) = &user.email {
        SendMail::export_ready(owner, export, email).enqueue(db).await?;
    }
    Ok(true)
}
