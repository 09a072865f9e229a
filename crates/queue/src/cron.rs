//! Firing a schedule's tick once, however many schedulers run.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Takes a tick for the caller's transaction, in which its job is then enqueued. False: somebody fired it already.
/// A second scheduler that asks at the same moment waits until the first one's transaction has ended.
pub async fn take_tick(db: &mut PgConnection, schedule: &str, tick: DateTime<Utc>) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "insert into schedule_ticks (schedule, tick) values ($1, $2) on conflict do nothing",
        schedule,
        tick,
    )
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// The last tick up to `now` that fired, for finding those that were missed. Later ones are passed over: they fired while
/// some clock was ahead.
pub async fn last_tick(
    db: &mut PgConnection,
    schedule: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select max(tick) from schedule_ticks where schedule = $1 and tick <= $2",
        schedule,
        now,
    )
    .fetch_one(db)
    .await
}

/// Forgets ticks older than `days`, except each schedule's last one.
pub async fn purge_ticks(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from schedule_ticks as old
         where tick < now() - make_interval(days => $1)
           and exists (select from schedule_ticks as newer
                       where newer.schedule = old.schedule and newer.tick > old.tick)",
        days,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
