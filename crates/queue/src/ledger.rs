//! The queue's accounts: each enqueued job is done, dead, cancelled or live.
//!
//! Every statement that moves jobs appends the numbers to `job_movements`, so no transaction waits for a counter's row.
//! Folding adds the movements to minutes, for charts and metrics, and to totals, for the balance.

use serde::Serialize;
use sqlx::PgConnection;

/// Folds the new movements into minutes and totals, and returns how many there were. Two calls at the same time share the
/// work.
///
/// - `moved` deletes the movements, by `ctid`; it skips those that another call has locked.
/// - `minutes` adds them to the sums of each minute and kind, by the primary key.
/// - `totals` adds them to the sums of each kind, by the primary key.
pub async fn fold(db: &mut PgConnection) -> sqlx::Result<u64> {
    let folded = sqlx::query_scalar!(
        r#"with moved as (
               delete from job_movements
               where ctid = any(array(select ctid from job_movements for update skip locked))
               returning *
           ), minutes as (
               insert into job_minutes as old (minute, kind, queue, enqueued, done, retried, dead, cancelled, revived,
                                               waited_ms, ran_ms, max_waited_ms, max_ran_ms)
               select date_trunc('minute', at), kind, min(queue), sum(enqueued), sum(done), sum(retried), sum(dead),
                      sum(cancelled), sum(revived), sum(waited_ms), sum(ran_ms), max(max_waited_ms), max(max_ran_ms)
               from moved group by date_trunc('minute', at), kind order by 1, 2
               on conflict (minute, kind) do update set
                   enqueued = old.enqueued + excluded.enqueued, done = old.done + excluded.done,
                   retried = old.retried + excluded.retried, dead = old.dead + excluded.dead,
                   cancelled = old.cancelled + excluded.cancelled, revived = old.revived + excluded.revived,
                   waited_ms = old.waited_ms + excluded.waited_ms, ran_ms = old.ran_ms + excluded.ran_ms,
                   max_waited_ms = greatest(old.max_waited_ms, excluded.max_waited_ms),
                   max_ran_ms = greatest(old.max_ran_ms, excluded.max_ran_ms)
           ), totals as (
               insert into job_totals as old (kind, queue, enqueued, done, dead, cancelled)
               select kind, min(queue), sum(enqueued), sum(done), sum(dead) - sum(revived), sum(cancelled)
               from moved group by kind order by kind
               on conflict (kind) do update set
                   enqueued = old.enqueued + excluded.enqueued, done = old.done + excluded.done,
                   dead = old.dead + excluded.dead, cancelled = old.cancelled + excluded.cancelled
           )
           select count(*) as "count!" from moved"#,
    )
    .fetch_one(db)
    .await?;
    Ok(folded.unsigned_abs())
}

/// The account of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The kind's name.
    pub kind: String,
    /// All jobs enqueued so far.
    pub enqueued: i64,
    /// Finished.
    pub done: i64,
    /// Failed for good, and not retried by an admin.
    pub dead: i64,
    /// Cancelled, or deleted before they ended.
    pub cancelled: i64,
    /// Not ended yet.
    pub live: i64,
}

impl Account {
    /// How many jobs are missing: 0 if none was lost, and negative if there are more than were enqueued.
    #[must_use]
    pub fn missing(&self) -> i64 {
        self.enqueued - self.done - self.dead - self.cancelled - self.live
    }
}

/// Reads the accounts of all kinds in one statement, and so in one snapshot.
pub async fn balance(db: &mut PgConnection) -> sqlx::Result<Vec<Account>> {
    sqlx::query_as!(
        Account,
        r#"with counted as (
               select kind, enqueued, done, dead, cancelled, 0::bigint as live from job_totals
               union all
               select kind, sum(enqueued), sum(done), sum(dead) - sum(revived), sum(cancelled), 0
               from job_movements group by kind
               union all
               select kind, 0, 0, 0, 0, count(*) from jobs group by kind
           )
           select kind as "kind!", sum(enqueued)::bigint as "enqueued!", sum(done)::bigint as "done!",
                  sum(dead)::bigint as "dead!", sum(cancelled)::bigint as "cancelled!", sum(live)::bigint as "live!"
           from counted group by kind order by kind"#,
    )
    .fetch_all(db)
    .await
}

/// Deletes minutes older than `days`. Returns how many.
pub async fn purge_minutes(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from job_minutes where minute < now() - make_interval(days => $1)", days)
            .execute(db);
    Ok(purged.await?.rows_affected())
}
