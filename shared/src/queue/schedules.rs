//! What is known of the cron table: written by the schedulers, read by admins, who can ask for a run now.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// A schedule, as the schedulers run it.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleRow {
    /// Its name.
    pub name: String,
    /// When it ticks: a cron expression or a period.
    pub expression: String,
    /// What becomes of missed ticks, in words.
    pub missed: String,
    /// The kind of job that a tick enqueues.
    pub kind: String,
    /// The last time that a scheduler with this schedule was alive.
    pub seen_at: DateTime<Utc>,
    /// The next tick, as that scheduler knew it.
    pub next_at: Option<DateTime<Utc>>,
    /// Since when a run asked for by hand waits for a scheduler.
    pub requested_at: Option<DateTime<Utc>>,
    /// The last tick that fired.
    pub last_tick: Option<DateTime<Utc>>,
    /// When it did.
    pub last_fired_at: Option<DateTime<Utc>>,
}

/// Lists every schedule by name.
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

/// Asks for a run now; whichever scheduler looks next enqueues its job, once. False: there is no such schedule, or a run
/// has been asked for already.
pub async fn request(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let requested = sqlx::query!(
        "update schedules set requested_at = now() where name = $1 and requested_at is null",
        name,
    );
    Ok(requested.execute(db).await?.rows_affected() == 1)
}
