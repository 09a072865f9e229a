//! What operators and admins do to queues and jobs: pause, resume, limit, cancel, retry, delete.

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::time::Duration;

use sqlx::PgConnection;

use super::job::Queue;
use super::limits::Limits;
use super::settle::{Fence, Outcome, Settlements};
use super::wake::{CHANGED, revocation};
use crate::ids::{JobId, WorkerId};
use pawdium_db::CHANNEL;
use pawdium_db::{Tx, despite_deadlocks};

/// A queue's settings.
#[derive(Clone, Debug, Serialize)]
pub struct QueueSettings {
    /// Its name.
    pub name: String,
    /// Since when nothing of it starts.
    pub paused_at: Option<DateTime<Utc>>,
    /// Bounds over all processes.
    #[serde(flatten)]
    pub limits: Limits,
}

/// The settings of every queue.
pub async fn list_queues(db: &mut PgConnection) -> sqlx::Result<Vec<QueueSettings>> {
    let rows = sqlx::query!("select * from job_queues order by name").fetch_all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| QueueSettings {
            name: row.name,
            paused_at: row.paused_at,
            limits: Limits {
                max_running: row.max_running,
                starts_per_minute: row.starts_per_minute,
                partition_max_running: row.partition_max_running,
                partition_starts_per_minute: row.partition_starts_per_minute,
            },
        })
        .collect())
}

/// Lets nothing of a queue be claimed, by any process, from the commit on; what runs may end, and what was claimed ahead
/// goes back (within 2 s where no notification arrives). False: it was paused already.
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

/// Lets a queue run again, at once. False: it was not paused.
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

/// Sets a queue's limits, which hold from the commit on for what is claimed then; what was claimed ahead goes back first
/// in each process that hears of it. One whose listening connection is down starts what it has.
///
/// # Errors
/// The database's; a limit below 1 violates a check.
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

/// Calls live jobs off: none of them starts any more, and what runs is stopped where it is (within 3 s where no
/// notification arrives); whatever it still tries to ack is refused. Answers with those that were live.
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
    // None of them may end between being looked at and being called off.
    let live = sqlx::query!(
        r#"select id as "id: JobId", claim, worker_id as "worker: WorkerId"
           from jobs where id = any($1) order by id for update"#,
        jobs,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut cancelled = Settlements::default();
    let mut told = Vec::new();
    for job in &live {
        let fence = Fence { job: job.id, claim: job.claim, worker: job.worker };
        cancelled.push(fence, &Outcome::Cancelled { reason: reason.to_owned() });
        told.extend(job.worker.map(|_| revocation(fence)));
    }
    cancelled.write(&mut *db).await?;
    if !told.is_empty() {
        sqlx::query!("select pg_notify($1, told) from unnest($2::text[]) as told", CHANNEL, &told)
            .fetch_all(db)
            .await?;
    }
    Ok(live.into_iter().map(|job| job.id).collect())
}

/// Brings dead and cancelled jobs back with all their attempts, and lets scheduled ones run now; what has a partition
/// takes its place in the round anew. A job whose unique key is borne by a live one, or by an older one of these, stays
/// where it is. Answers with those that are ready now.
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

/// A job that can be claimed now.
struct Ready {
    id: JobId,
    queue: String,
}

async fn retry_once(db: &mut PgConnection, jobs: &[i64]) -> sqlx::Result<Vec<Ready>> {
    sqlx::query_as!(
        Ready,
        r#"with candidates as (
               select * from job_history
               where id = any($1) and outcome in ('dead', 'cancelled') order by id for update
           ), waiting as (
               select id, queue, priority, partition_key from jobs
               where id = any($1) and state = 'scheduled' order by id for update
           ), placed as (
               select id, case when partition_key is null then 0
                               else job_round(queue, priority)
                                    + row_number() over (partition by queue, partition_key order by id)
                          end as turn
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
    )
    .fetch_all(db)
    .await
}

/// Deletes jobs without a trace: live ones that are not running, which count as cancelled, and those of the history.
/// Answers with those that are gone; what runs has to be cancelled first.
pub async fn delete(db: &mut Tx, jobs: &[JobId]) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    despite_deadlocks(db, move |tx| {
        let ids = ids.clone();
        Box::pin(async move { delete_once(tx, &ids).await })
    })
    .await
}

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
