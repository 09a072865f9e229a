//! Actions of operators and admins on queues and jobs: pause, resume, limit, cancel, retry, delete.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pawdium_db::CHANNEL;
use pawdium_db::{Tx, despite_deadlocks};
use serde::Serialize;
use sqlx::PgConnection;

use super::job::Queue;
use super::limits::{Limits, limits_of};
use super::partition::with_turns;
use super::settle::{Fence, Outcome, Settlements};
use super::wake::{CHANGED, revocation};
use crate::ids::{JobId, WorkerId};

/// A queue's settings.
#[derive(Clone, Debug, Serialize)]
pub struct QueueSettings {
    /// The queue's name.
    pub name: String,
    /// When it was paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// Its limits over all processes.
    #[serde(flatten)]
    pub limits: Limits,
}

/// Lists the settings of all queues.
pub async fn list_queues(db: &mut PgConnection) -> sqlx::Result<Vec<QueueSettings>> {
    let rows = sqlx::query!("select * from job_queues order by name").fetch_all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| QueueSettings { limits: limits_of!(row), name: row.name, paused_at: row.paused_at })
        .collect())
}

/// Pauses a queue: after the commit, no process claims its jobs. Running jobs go on, and prefetched ones go back, within
/// 2 s if a notification is lost. Returns `false` if the queue was paused already.
pub async fn pause(db: &mut PgConnection, queue: Queue) -> sqlx::Result<bool> {
    let paused = sqlx::query!(
        "with paused as (
             update job_queues set paused_at = now() where name = $1 and paused_at is null returning name
         )
         select pg_notify($2, $3 || name) from paused",
        queue.name(),
        CHANNEL,
        String::from(CHANGED),
    );
    Ok(!paused.fetch_all(db).await?.is_empty())
}

/// Resumes a queue. Returns `false` if it was not paused.
pub async fn resume(db: &mut PgConnection, queue: Queue) -> sqlx::Result<bool> {
    let resumed = sqlx::query!(
        "with resumed as (
             update job_queues set paused_at = null where name = $1 and paused_at is not null returning name
         )
         select pg_notify($2, $3 || name) from resumed",
        queue.name(),
        CHANNEL,
        String::from(CHANGED),
    );
    Ok(!resumed.fetch_all(db).await?.is_empty())
}

/// Sets a queue's limits, which apply to all claims after the commit. Processes hand back their prefetched jobs when they
/// receive the notification. A process whose listening connection is down still starts its prefetched jobs.
///
/// # Errors
/// The database's. A limit below 1 violates a check constraint.
pub async fn set_limits(db: &mut PgConnection, queue: Queue, limits: Limits) -> sqlx::Result<()> {
    sqlx::query!(
        "with limited as (
             update job_queues
             set max_running = $2, starts_per_minute = $3, partition_max_running = $4,
                 partition_starts_per_minute = $5, next_start_at = 'epoch'
             where name = $1 returning name
         )
         select pg_notify($6, $7 || name) from limited",
        queue.name(),
        limits.max_running,
        limits.starts_per_minute,
        limits.partition_max_running,
        limits.partition_starts_per_minute,
        CHANNEL,
        String::from(CHANGED),
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Cancels live jobs. They no longer start, and running ones are stopped, within 3 s if a notification is lost; outcomes
/// that they still try to write are refused. Returns the jobs that were live.
pub async fn cancel(db: &mut Tx, jobs: &[JobId], reason: &str) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    let reason = reason.to_owned();
    despite_deadlocks(db, move |tx| {
        let (ids, reason) = (ids.clone(), reason.clone());
        Box::pin(async move { cancel_once(tx, &ids, &reason).await })
    })
    .await
}

async fn cancel_once(db: &mut PgConnection, jobs: &[i64], reason: &str) -> sqlx::Result<Vec<JobId>> {
    // The lock keeps jobs from ending between the two statements.
    let live = sqlx::query!(
        r#"select id as "id: JobId", claim, worker_id as "worker: WorkerId"
           from jobs where id = any($1) order by id for update"#,
        jobs,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut cancelled = Settlements::default();
    let mut revocations = Vec::new();
    for job in &live {
        let fence = Fence { job: job.id, claim: job.claim, worker: job.worker };
        cancelled.push(fence, &Outcome::Cancelled { reason: reason.to_owned() });
        revocations.extend(job.worker.map(|_| revocation(fence)));
    }
    cancelled.write(&mut *db).await?;
    if !revocations.is_empty() {
        sqlx::query!("select pg_notify($1, told) from unnest($2::text[]) as told", CHANNEL, &revocations)
            .fetch_all(db)
            .await?;
    }
    Ok(live.into_iter().map(|job| job.id).collect())
}

/// Makes dead and cancelled jobs ready again, with all their attempts, and scheduled ones ready now. Jobs of a partition
/// get a new turn. A job stays as it is if a live job, or an older one of `jobs`, has its unique key. Returns the jobs
/// that are ready now.
pub async fn retry(db: &mut Tx, jobs: &[JobId]) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    let ready = despite_deadlocks(db, move |tx| {
        let ids = ids.clone();
        Box::pin(async move { retry_once(tx, &ids).await })
    });
    let ready = ready.await?;
    let mut ids = Vec::with_capacity(ready.len());
    for job in ready {
        db.wake(job.queue, Duration::ZERO);
        ids.push(job.id);
    }
    Ok(ids)
}

/// A job that is ready now.
struct ReadyJob {
    id: JobId,
    queue: String,
}

/// - `candidates` locks the ended jobs and `waiting` the scheduled ones, both by the primary key.
/// - `placed` gives each its new turn.
/// - `revived` inserts the ended jobs, unless a live job has their key, and `left_history` deletes them from the history.
/// - `hurried` makes the scheduled jobs ready.
/// - `touched` are the jobs that changed.
/// - `counted` appends the revived jobs to the accounts.
async fn retry_once(db: &mut PgConnection, jobs: &[i64]) -> sqlx::Result<Vec<ReadyJob>> {
    with_turns!(query_as!(
        ReadyJob,
        r#"with candidates as (
               select * from job_history
               where id = any($1) and outcome in ('dead', 'cancelled') order by id for update
           ), waiting as (
               select id, queue, priority, partition_key from jobs
               where id = any($1) and state = 'scheduled' order by id for update
           ), placed as (
               "#,
        ..,
        r#"
               from (select id, queue, priority, partition_key from candidates
                     union all select id, queue, priority, partition_key from waiting) as returning_jobs
           ), revived as (
               insert into jobs (id, queue, kind, priority, max_attempts, claim, created_at, payload, last_error,
                                 failures, partition_key, turn, subject, unique_key, key_waits_only)
               overriding system value
               select id, queue, kind, priority, max_attempts, claim, created_at, payload, last_error,
                      failures, partition_key, turn, subject, unique_key, key_waits_only
               from candidates join placed using (id) order by id
               on conflict do nothing
               returning id, queue
           ), left_history as (
               delete from job_history using revived where job_history.id = revived.id
               returning job_history.queue, kind, outcome
           ), hurried as (
               update jobs set state = 'ready', run_at = now(), turn = placed.turn
               from waiting join placed using (id) where jobs.id = waiting.id returning jobs.id, jobs.queue
           ), touched as (
               select id, queue from revived union all select id, queue from hurried
           ), counted as (
               insert into job_movements (queue, kind, revived, cancelled)
               select queue, kind, count(*) filter (where outcome = 'dead'),
                      -count(*) filter (where outcome = 'cancelled')
               from left_history group by queue, kind
           )
           select id as "id!: JobId", queue as "queue!" from touched order by id"#,
        jobs,
    ))
    .fetch_all(db)
    .await
}

/// Deletes jobs without a trace: ended ones, and live ones that are not running, which count as cancelled. Returns the
/// deleted jobs. Running jobs have to be cancelled first.
pub async fn delete(db: &mut Tx, jobs: &[JobId]) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    despite_deadlocks(db, move |tx| {
        let ids = ids.clone();
        Box::pin(async move { delete_once(tx, &ids).await })
    })
    .await
}

/// - `live` deletes the waiting jobs, by the primary key, in the order of their ids.
/// - `counted` appends them to the accounts.
/// - `ended` deletes from the history, by the primary key.
async fn delete_once(db: &mut PgConnection, jobs: &[i64]) -> sqlx::Result<Vec<JobId>> {
    sqlx::query_scalar!(
        r#"with live as (
               delete from jobs
               where id = any(array(select id from jobs where id = any($1) and state <> 'running'
                                    order by id for update))
               returning id, queue, kind
           ), counted as (
               insert into job_movements (queue, kind, cancelled)
               select queue, kind, count(*) from live group by queue, kind
           ), ended as (
               delete from job_history where id = any($1) returning id
           )
           select id as "id!: JobId" from (select id from live union all select id from ended) as gone
           order by id"#,
        jobs,
    )
    .fetch_all(db)
    .await
}
