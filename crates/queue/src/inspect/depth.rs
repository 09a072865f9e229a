//! The number of jobs of each kind.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// The jobs of one kind, by state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// Ready to be claimed.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Scheduled: delayed, or between two attempts.
    pub scheduled: i64,
    /// Dead, within the history.
    pub dead: i64,
    /// When the oldest ready job was enqueued.
    pub oldest: Option<DateTime<Utc>>,
}

/// Counts the jobs of each kind that has live or dead ones. Reads all live jobs, and of the history only the index
/// `job_history_dead`.
pub async fn count_kinds(db: &mut PgConnection) -> sqlx::Result<Vec<KindCounts>> {
    sqlx::query_as!(
        KindCounts,
        r#"with live as (
               select queue, kind,
                      count(*) filter (where state = 'ready') as ready,
                      count(*) filter (where state = 'running') as running,
                      count(*) filter (where state = 'scheduled') as scheduled,
                      min(created_at) filter (where state = 'ready') as oldest
               from jobs group by queue, kind
           ), dead as (
               select kind, count(*) as dead, max(id) as last from job_history where outcome = 'dead' group by kind
           )
           select coalesce(live.queue, (select queue from job_history where id = dead.last))
                      as "queue!", kind as "kind!",
                  coalesce(ready, 0) as "ready!", coalesce(running, 0) as "running!",
                  coalesce(scheduled, 0) as "scheduled!", coalesce(dead, 0) as "dead!", oldest
           from live full join dead using (kind)
           order by 1, 2"#,
    )
    .fetch_all(db)
    .await
}
