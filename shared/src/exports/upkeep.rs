//! What becomes of exports with time, and when their owner leaves.

use pawdium_queue::{Enqueue as _, Job as _};
use sqlx::PgConnection;

use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::exports::{RemoveExports, WriteExport};

/// How many exports a transaction expires.
const BATCH: i64 = 500;

/// How many days is remembered that there was an export.
const DAYS: i32 = 30;

/// Has the archive of a user deleted who is about to be deleted and whose row is locked. One that is being written is
/// deleted when it is complete and its row is gone.
pub async fn leave(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    let keys = sqlx::query_scalar!(
        r#"select key as "key!" from exports where user_id = $1 and key is not null for update"#,
        user.0,
    );
    let keys = keys.fetch_all(&mut *db).await?;
    if !keys.is_empty() {
        RemoveExports { keys }.enqueue(db).await?;
    }
    Ok(())
}

/// Expires archives whose time is over, and has them deleted, a batch at a time. Returns how many.
pub async fn expire(db: &mut Tx) -> sqlx::Result<usize> {
    let keys = sqlx::query_scalar!(
        r#"update exports set state = 'expired', key = null
           from (select id, key from exports where state = 'ready' and expires_at <= now()
                 order by id limit $1 for update skip locked) as before
           where exports.id = before.id
           returning before.key as "key!""#,
        BATCH,
    );
    let keys = keys.fetch_all(&mut *db).await?;
    let expired = keys.len();
    if expired > 0 {
        RemoveExports { keys }.enqueue(db).await?;
    }
    Ok(expired)
}

/// Fails exports whose job has ended without an archive, and forgets old ones. Returns how many it forgot.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    sqlx::query!(
        "update exports set state = 'failed', ended_at = now()
         where state = 'waiting'
           and not exists (select from jobs where kind = $1 and unique_key = exports.id::text)",
        WriteExport::KIND,
    )
    .execute(&mut *db)
    .await?;
    let purged = sqlx::query!(
        "delete from exports where state in ('failed', 'expired') and requested_at < now() - make_interval(days => $1)",
        DAYS,
    );
    Ok(purged.execute(db).await?.rows_affected())
}

/// Returns those of these archives that no export names.
pub async fn list_unnamed(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) as given (key)
           where not exists (select from exports where exports.key = given.key)"#,
        keys,
    )
    .fetch_all(db)
    .await
}
