//! Searching live and ended jobs.

use chrono::{DateTime, Utc};
use pawdium_db::{Tx, despite_deadlocks};
use serde::Serialize;
use sqlx::PgConnection;

use super::filter::Filter;
use super::matching::find_ids;
use crate::ids::JobId;
use crate::state::JobState;

/// A job, live or ended.
#[derive(Clone, Debug, Serialize)]
pub struct JobRow {
    /// The job's id.
    pub id: JobId,
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// Its state.
    pub state: JobState,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it is due; for an ended job, when it ended.
    pub at: DateTime<Utc>,
    /// Its partition.
    pub partition_key: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its payload.
    pub payload: serde_json::Value,
    /// The error of the last failed attempt, or why the job was cancelled.
    pub last_error: Option<String>,
}

/// Finds one job, live or ended.
pub async fn find(db: &mut Tx, job: JobId) -> sqlx::Result<Option<JobRow>> {
    let filter = Filter { id: Some(job), ..Filter::default() };
    Ok(search(db, &filter, None, 1).await?.pop())
}

/// Lists jobs whose last attempt failed, the newest first: dead ones, and those that wait for another attempt. Looks only
/// at the next thousand due jobs.
pub async fn list_failures(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<JobRow>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id!" from (
               (select id from (select id, last_error from jobs where not open order by run_at limit 1000)
                               as due where last_error is not null)
               union all
               (select id from job_history where outcome = 'dead' order by id desc limit $1)
           ) as failed order by id desc limit $1"#,
        limit,
    )
    .fetch_all(&mut *db)
    .await?;
    find_all(db, &ids).await
}

/// Lists jobs older than `before`, the newest first: one page of a search. The next page is before its last id.
pub async fn search(
    db: &mut Tx,
    filter: &Filter,
    before: Option<JobId>,
    limit: i64,
) -> sqlx::Result<Vec<JobRow>> {
    let ids = find_ids(db, filter, None, before.map_or(i64::MAX, |before| before.0), limit).await?;
    find_all(db, &ids).await
}

/// Lists the ids of the newest jobs, up to `limit`: the jobs of a bulk action.
pub async fn search_ids(db: &mut Tx, filter: &Filter, limit: i64) -> sqlx::Result<Vec<JobId>> {
    Ok(find_ids(db, filter, None, i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

/// Locks `jobs` until the caller's transaction ends, and returns those that still match `filter`. So a bulk action changes
/// only the jobs of its preview.
pub async fn lock_matching(db: &mut Tx, jobs: &[JobId], filter: &Filter) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    let locked = ids.clone();
    despite_deadlocks(db, move |tx| {
        let ids = locked.clone();
        Box::pin(async move {
            sqlx::query!("select from jobs where id = any($1) order by id for update", &ids)
                .execute(&mut *tx)
                .await?;
            sqlx::query!("select from job_history where id = any($1) order by id for update", &ids)
                .execute(tx)
                .await
        })
    })
    .await?;
    let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok(find_ids(db, filter, Some(&ids), i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

async fn find_all(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<JobRow>> {
    sqlx::query_as!(
        JobRow,
        r#"select id as "id!: JobId", queue as "queue!", kind as "kind!", state as "state!: JobState",
                  attempt as "attempt!", max_attempts as "max_attempts!", created_at as "created_at!",
                  at as "at!", partition_key, subject, payload as "payload!", last_error
           from (select id, queue, kind, state::text, attempt, max_attempts, created_at, run_at as at,
                        partition_key, subject, payload, last_error
                 from jobs where id = any($1)
                 union all
                 select id, queue, kind, outcome::text, attempt, max_attempts, created_at, finished_at,
                        partition_key, subject, payload, last_error
                 from job_history where id = any($1)) as found
           order by id desc"#,
        ids,
    )
    .fetch_all(db)
    .await
}
