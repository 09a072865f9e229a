//! The details of one job.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::search::JobRow;
use crate::ids::{GroupId, JobId, WorkerId};
use crate::job::Subject;
use crate::state::JobState;

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// Its number, from 1.
    pub attempt: i16,
    /// The process that ran it.
    pub worker: Option<WorkerId>,
    /// The name of that process, while its row is kept.
    #[serde(default)]
    pub worker_name: Option<String>,
    /// When it was claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Its error.
    pub error: String,
}

/// The details of a job, live or ended.
#[derive(Clone, Debug, Serialize)]
pub struct JobDetail {
    /// The columns that lists show.
    #[serde(flatten)]
    pub row: JobRow,
    /// Its priority in the queue; lower values run first.
    pub priority: i16,
    /// Its turn among the partitions; `None` if it has ended.
    pub turn: Option<i64>,
    /// When it is or was due.
    pub run_at: Option<DateTime<Utc>>,
    /// When it was last claimed.
    pub claimed_at: Option<DateTime<Utc>>,
    /// The process that runs it or ran it last.
    pub worker: Option<WorkerId>,
    /// The name of that process, while its row is kept.
    pub worker_name: Option<String>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the history drops it.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key that only one live job of its kind may have.
    pub unique_key: Option<String>,
    /// The group that it is a member of.
    pub group: Option<GroupId>,
    /// The failed attempts in order, at most the last fifty.
    pub failures: Vec<FailedAttempt>,
}

/// Finds one job, live or ended.
pub async fn find_detail(db: &mut PgConnection, job: JobId) -> sqlx::Result<Option<JobDetail>> {
    let found = sqlx::query!(
        r#"select queue as "queue!", kind as "kind!", state as "state!: JobState", attempt as "attempt!",
                  max_attempts as "max_attempts!", created_at as "created_at!", partition_key, subject,
                  payload as "payload!", last_error, priority as "priority!", turn, run_at, claimed_at,
                  worker_id as "worker_id: WorkerId", job_workers.name as "worker_name?", finished_at,
                  expires_at, unique_key, group_id as "group_id: GroupId",
                  failures as "failures!: Json<Vec<FailedAttempt>>"
           from (select queue, kind, state::text, attempt, max_attempts, created_at, partition_key, subject,
                        payload, last_error, priority, turn, run_at, claimed_at, worker_id,
                        null::timestamptz as finished_at, null::timestamptz as expires_at, unique_key,
                        group_id, failures
                 from jobs where id = $1
                 union all
                 select queue, kind, outcome::text, attempt, max_attempts, created_at, partition_key, subject,
                        payload, last_error, priority, null, run_at, claimed_at, worker_id, finished_at,
                        expires_at, unique_key, group_id, failures
                 from job_history where id = $1) as one
           left join job_workers on job_workers.id = worker_id
           limit 1"#,
        job.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let mut failures = found.failures.0;
    name_workers(db, &mut failures).await?;
    let row = JobRow {
        id: job,
        queue: found.queue,
        kind: found.kind,
        state: found.state,
        attempt: found.attempt,
        max_attempts: found.max_attempts,
        created_at: found.created_at,
        at: found.finished_at.or(found.run_at).unwrap_or(found.created_at),
        partition_key: found.partition_key,
        subject: found.subject,
        payload: found.payload,
        last_error: found.last_error,
    };
    Ok(Some(JobDetail {
        row,
        priority: found.priority,
        turn: found.turn,
        run_at: found.run_at,
        claimed_at: found.claimed_at,
        worker: found.worker_id,
        worker_name: found.worker_name,
        finished_at: found.finished_at,
        expires_at: found.expires_at,
        unique_key: found.unique_key,
        group: found.group_id,
        failures,
    }))
}

/// Finds the live job of a kind about a subject, the newest if there are several.
pub async fn find_live_about(
    db: &mut PgConnection,
    kind: &str,
    subject: Subject,
) -> sqlx::Result<Option<JobDetail>> {
    let job = sqlx::query_scalar!(
        r#"select id as "id: JobId" from jobs where subject = $1 and kind = $2 order by id desc limit 1"#,
        subject.to_string(),
        kind,
    )
    .fetch_optional(&mut *db)
    .await?;
    match job {
        Some(job) => Ok(find_detail(db, job).await?.filter(|job| job.row.state.is_live())),
        None => Ok(None),
    }
}

async fn name_workers(db: &mut PgConnection, failures: &mut [FailedAttempt]) -> sqlx::Result<()> {
    let ids: Vec<i64> = failures.iter().filter_map(|failure| failure.worker).map(|worker| worker.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let names =
        sqlx::query!(r#"select id as "id: WorkerId", name from job_workers where id = any($1)"#, &ids)
            .fetch_all(db)
            .await?;
    for failure in failures {
        let known = names.iter().find(|known| Some(known.id) == failure.worker);
        failure.worker_name = known.map(|known| known.name.clone());
    }
    Ok(())
}

impl JobDetail {
    /// Its state.
    #[must_use]
    pub fn state(&self) -> JobState {
        self.row.state
    }
}
