//! Ticks of schedules: each fires once, however many schedulers run.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Takes a tick in the caller's transaction, which then enqueues its job. Returns `false` if the tick has already fired. If
/// another scheduler takes the same tick, this waits until that transaction ends.
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

/// Finds the last tick up to `now` that fired. Ignores later ones, which a scheduler fired while its clock was ahead.
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

/// Deletes ticks older than `days`, except each schedule's last one. Returns how many.
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
