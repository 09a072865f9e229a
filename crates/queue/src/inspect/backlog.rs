//! The backlog of a queue.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Queue;

/// The ready and scheduled jobs of a queue.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    /// How many there are.
    pub waiting: i64,
    /// When the oldest of them was enqueued.
    pub oldest: Option<DateTime<Utc>>,
    /// The error of the last attempt that failed.
    pub last_error: Option<String>,
}

/// Reads the backlog of a queue.
pub async fn backlog(db: &mut PgConnection, queue: Queue) -> sqlx::Result<Backlog> {
    sqlx::query_as!(
        Backlog,
        r#"with waiting as (
               select created_at, claimed_at, last_error from jobs where queue = $1 and state <> 'running'
           )
           select count(*) as "waiting!", min(created_at) as oldest,
                  (select last_error from waiting where last_error is not null
                   order by claimed_at desc nulls last limit 1) as last_error
           from waiting"#,
        queue.name(),
    )
    .fetch_one(db)
    .await
}
