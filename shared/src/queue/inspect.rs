//! What admins and operators see of the queue, and what they can do to a job.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::ids::{JobId, WorkerId};

/// The jobs of one kind, by state.
#[derive(Clone, Debug, Serialize)]
pub struct KindCounts {
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// Waiting to be claimed.
    pub ready: i64,
    /// Claimed by a worker.
    pub running: i64,
    /// Waiting for their time: delayed, or between two attempts.
    pub scheduled: i64,
    /// Out of attempts, or given up, within the history.
    pub dead: i64,
    /// When the longest-waiting ready job was enqueued.
    pub oldest: Option<DateTime<Utc>>,
}

/// Counts every kind that has live or dead jobs.
pub async fn count_kinds(db: &mut PgConnection) -> sqlx::Result<Vec<KindCounts>> {
    sqlx::query_as!(
        KindCounts,
        r#"select queue as "queue!", kind as "kind!",
                  count(*) filter (where state = 'ready') as "ready!",
                  count(*) filter (where state = 'running') as "running!",
                  count(*) filter (where state = 'scheduled') as "scheduled!",
                  count(*) filter (where state = 'dead') as "dead!",
                  min(created_at) filter (where state = 'ready') as oldest
           from (select queue, kind, state::text, created_at from jobs
                 union all
                 select queue, kind, 'dead', created_at from job_history where outcome = 'dead') as all_jobs
           group by queue, kind
           order by queue, kind"#,
    )
    .fetch_all(db)
    .await
}

/// A job, live or ended.
#[derive(Clone, Debug, Serialize)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// `scheduled`, `ready`, `running`, `done`, `dead` or `cancelled`.
    pub state: String,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it is or was due; the end for those that ended.
    pub at: DateTime<Utc>,
    /// What it was given.
    pub payload: serde_json::Value,
    /// How the last failed attempt ended.
    pub last_error: Option<String>,
}

/// Which jobs to list; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// At most so many; the newest first.
    pub limit: i64,
}

/// Lists live and remembered jobs, the newest first.
pub async fn list(db: &mut PgConnection, filter: &Filter) -> sqlx::Result<Vec<JobRow>> {
    sqlx::query_as!(
        JobRow,
        r#"select id as "id!: JobId", queue as "queue!", kind as "kind!", state as "state!",
                  attempt as "attempt!", max_attempts as "max_attempts!", created_at as "created_at!",
                  at as "at!", payload as "payload!", last_error
           from (select id, queue, kind, state::text, attempt, max_attempts, created_at, run_at as at,
                        payload, last_error
                 from jobs
                 union all
                 select id, queue, kind, outcome::text, attempt, max_attempts, created_at, finished_at,
                        payload, last_error
                 from job_history) as all_jobs
           where ($1::text is null or state = $1) and ($2::text is null or kind = $2)
           order by at desc, id desc
           limit $3"#,
        filter.state,
        filter.kind,
        filter.limit,
    )
    .fetch_all(db)
    .await
}

/// Lists jobs whose last attempt failed, dead or waiting for another attempt, the latest failure first.
pub async fn list_failures(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<JobRow>> {
    sqlx::query_as!(
        JobRow,
        r#"select id as "id!: JobId", queue as "queue!", kind as "kind!", state as "state!",
                  attempt as "attempt!", max_attempts as "max_attempts!", created_at as "created_at!",
                  at as "at!", payload as "payload!", last_error
           from (select id, queue, kind, state::text, attempt, max_attempts, created_at,
                        coalesce(claimed_at, created_at) as at, payload, last_error
                 from jobs where last_error is not null
                 union all
                 (select id, queue, kind, outcome::text, attempt, max_attempts, created_at, finished_at,
                        payload, last_error
                  from job_history where outcome = 'dead' order by finished_at desc limit $1)) as failed
           order by at desc, id desc
           limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Finds one job, live or ended.
pub async fn find(db: &mut PgConnection, job: JobId) -> sqlx::Result<Option<JobRow>> {
    sqlx::query_as!(
        JobRow,
        r#"select id as "id!: JobId", queue as "queue!", kind as "kind!", state as "state!",
                  attempt as "attempt!", max_attempts as "max_attempts!", created_at as "created_at!",
                  at as "at!", payload as "payload!", last_error
           from (select id, queue, kind, state::text, attempt, max_attempts, created_at, run_at as at,
                        payload, last_error
                 from jobs where id = $1
                 union all
                 select id, queue, kind, outcome::text, attempt, max_attempts, created_at, finished_at,
                        payload, last_error
                 from job_history where id = $1) as one
           limit 1"#,
        job.0,
    )
    .fetch_optional(db)
    .await
}

/// A worker process that holds a lease.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerRow {
    /// Its id.
    pub id: WorkerId,
    /// Its unique name: host, pid and a ULID.
    pub name: String,
    /// The host it runs on.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// When it registered.
    pub started_at: DateTime<Utc>,
    /// Its last heartbeat.
    pub beat_at: DateTime<Utc>,
    /// How many jobs it runs.
    pub running: i64,
}

/// Lists the registered workers, the oldest first.
pub async fn list_workers(db: &mut PgConnection) -> sqlx::Result<Vec<WorkerRow>> {
    sqlx::query_as!(
        WorkerRow,
        r#"select id as "id: WorkerId", name, host, pid, started_at, beat_at,
                  (select count(*) from jobs where worker_id = job_workers.id and state = 'running') as "running!"
           from job_workers where gone_at is null order by id"#,
    )
    .fetch_all(db)
    .await
}

/// Forgets ended jobs whose time in the history is over, up to `limit` in one call; answers with how many.
pub async fn purge_history(db: &mut PgConnection, limit: i64) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from job_history where id in (
             select id from job_history where expires_at < now() order by expires_at limit $1)",
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}

/// Forgets workers that are gone for more than `days`; answers with how many.
pub async fn purge_workers(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from job_workers where gone_at < now() - make_interval(days => $1)", days);
    Ok(purged.execute(db).await?.rows_affected())
}
