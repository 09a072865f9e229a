//! The worker processes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::ids::WorkerId;

/// A worker process that holds a lease.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerRow {
    /// The worker's id.
    pub id: WorkerId,
    /// Its unique name: host, process id and a ULID.
    pub name: String,
    /// The host it runs on.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// When it registered.
    pub started_at: DateTime<Utc>,
    /// Its last heartbeat.
    pub beat_at: DateTime<Utc>,
    /// Whether its last heartbeat is recent. If no other worker is alive to end it, a lease outlives its process.
    pub alive: bool,
    /// The number of jobs that it runs.
    pub running: i64,
}

/// Lists the registered workers, the oldest first.
pub async fn list_workers(db: &mut PgConnection) -> sqlx::Result<Vec<WorkerRow>> {
    sqlx::query_as!(
        WorkerRow,
        r#"select id as "id: WorkerId", name, host, pid, started_at, beat_at,
                  beat_at > now() - make_interval(secs => $1) as "alive!",
                  (select count(*) from job_queues cross join lateral running_jobs(job_queues.name) as running
                   where running.worker_id = job_workers.id) as "running!"
           from job_workers where gone_at is null order by id"#,
        crate::heartbeat::SILENCE,
    )
    .fetch_all(db)
    .await
}
