//! What waits in one queue.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Queue;

/// The jobs of a queue that are ready, or scheduled for a next attempt.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    /// How many.
    pub waiting: i64,
    /// When the oldest of them was enqueued.
    pub oldest: Option<DateTime<Utc>>,
    /// Why the last attempt at one of them failed.
    pub last_error: Option<String>,
}

/// Looks at what waits in a queue.
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
