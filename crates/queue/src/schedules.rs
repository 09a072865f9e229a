//! The schedules as the database shows them: schedulers write them, and admins read them and request runs.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// A schedule with its last and next ticks.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleRow {
    /// Its name.
    pub name: String,
    /// When it ticks: a cron expression or a period.
    pub expression: String,
    /// What happens to missed ticks, in words.
    pub missed: String,
    /// The kind of job that a tick enqueues.
    pub kind: String,
    /// When a scheduler last announced it.
    pub seen_at: DateTime<Utc>,
    /// The next tick, as that scheduler announced it.
    pub next_at: Option<DateTime<Utc>>,
    /// When an admin requested a run that no scheduler has fired yet.
    pub requested_at: Option<DateTime<Utc>>,
    /// The last tick that fired.
    pub last_tick: Option<DateTime<Utc>>,
    /// When that tick fired.
    pub last_fired_at: Option<DateTime<Utc>>,
}

/// Lists all schedules by name.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<ScheduleRow>> {
    sqlx::query_as!(
        ScheduleRow,
        r#"select name, expression, missed, kind, seen_at, next_at, requested_at,
                  last.tick as "last_tick?", last.fired_at as "last_fired_at?"
           from schedules
           left join lateral (select tick, fired_at from schedule_ticks
                              where schedule = name order by tick desc limit 1) as last on true
           order by name"#,
    )
    .fetch_all(db)
    .await
}

/// Requests a run now. The next scheduler that looks enqueues its job, once. Returns `false` if there is no such
/// schedule, or a run is already requested.
pub async fn request(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let requested = sqlx::query!(
        "update schedules set requested_at = now() where name = $1 and requested_at is null",
        name,
    );
    Ok(requested.execute(db).await?.rows_affected() == 1)
}

/// A schedule as its scheduler announces it.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Its name.
    pub name: &'static str,
    /// When it ticks: a cron expression or a period.
    pub expression: String,
    /// What happens to missed ticks, in words.
    pub missed: String,
    /// The kind of job that a tick enqueues.
    pub kind: &'static str,
    /// The next tick.
    pub next_at: Option<DateTime<Utc>>,
}

/// Stores the schedules of a scheduler.
pub async fn announce(db: &mut PgConnection, schedules: &[Announcement]) -> sqlx::Result<()> {
    let names: Vec<_> = schedules.iter().map(|schedule| schedule.name.to_owned()).collect();
    let expressions: Vec<_> = schedules.iter().map(|schedule| schedule.expression.clone()).collect();
    let missed: Vec<_> = schedules.iter().map(|schedule| schedule.missed.clone()).collect();
    let kinds: Vec<_> = schedules.iter().map(|schedule| schedule.kind.to_owned()).collect();
    let nexts: Vec<_> = schedules.iter().map(|schedule| schedule.next_at).collect();
    // All schedulers insert in the same order, which prevents deadlocks.
    sqlx::query!(
        "insert into schedules (name, expression, missed, kind, next_at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
                       as given (name, expression, missed, kind, next_at)
         order by name
         on conflict (name) do update set
             expression = excluded.expression, missed = excluded.missed, kind = excluded.kind,
             next_at = excluded.next_at, seen_at = now()",
        &names,
        &expressions,
        &missed,
        &kinds,
        &nexts as &[Option<DateTime<Utc>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lists those of `names` that have a requested run.
pub async fn list_requested(db: &mut PgConnection, names: &[&str]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select name from schedules where requested_at is not null and name = any($1)",
        names as &[&str],
    )
    .fetch_all(db)
    .await
}

/// Takes the request for a run in the caller's transaction, which then enqueues its job. Returns `false` if there is no
/// request. If another scheduler takes the same request, this waits until that transaction ends.
pub async fn take_request(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "update schedules set requested_at = null where name = $1 and requested_at is not null",
        name,
    );
    Ok(taken.execute(db).await?.rows_affected() == 1)
}

/// Deletes schedules that no scheduler has announced for `days`. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from schedules where seen_at < now() - make_interval(days => $1)", days);
    Ok(purged.execute(db).await?.rows_affected())
}
