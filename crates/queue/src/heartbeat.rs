//! The statement of a heartbeat: it renews the lease, ends the leases of silent workers, and finds jobs without a worker.

use sqlx::PgPool;

use super::in_flight::Known;
use super::settle::{Fence, if_current};
use crate::ids::{JobId, WorkerId};

/// A worker that has sent no heartbeat for this long, in seconds, loses its lease.
pub(super) const SILENCE: f64 = 15.0;

/// A process whose own last heartbeat is older than this, in seconds, ends no leases: while the database was away, all
/// workers were silent.
const OWN_SILENCE: f64 = 8.0;

/// Each heartbeat looks at the batches of workers whose lease ended within this many minutes.
const GONE_MINUTES: i32 = 5;

/// The result of a heartbeat.
pub(super) struct Heartbeat {
    /// Whether this process still has its lease.
    pub(super) alive: bool,
    pub(super) orphans: Vec<Orphan>,
    /// Jobs in flight whose claim this process has lost, with the claim's number.
    pub(super) revoked: Vec<(i64, i32)>,
}

/// A running job whose worker is gone, or which its worker doesn't know of.
pub(super) struct Orphan {
    pub(super) fence: Fence,
    /// Whether it has no attempts left.
    pub(super) spent: bool,
}

/// Renews the lease of `worker`, ends the leases of silent workers, and finds orphans and revoked claims.
///
/// A thorough heartbeat looks at all batches: it also finds jobs of workers without a row, and jobs that this process has
/// claimed without knowing, because the answer was lost with its connection. If another process changes an orphan in the
/// meantime, the claim number has moved on and reaping it changes nothing.
///
/// - `me` is the last heartbeat of this process; it is empty if the lease has ended.
/// - `beat` renews the lease, by the primary key.
/// - `silent` ends the leases of workers that have been silent for too long, by the index `job_workers_live`.
/// - `gone` are the workers whose lease has ended recently.
/// - `dubious` are the batches to look at: those of gone workers, by the primary key of `job_batches`; those that this
///   process reports as ended; and for a thorough heartbeat its own and those of workers that have no lease.
/// - `running` are the jobs of these batches that run under the batch's worker, by the primary key of `jobs`.
/// - `orphans` are the running jobs of other workers, and those of its own that this process doesn't know of.
/// - `gone_through` deletes the batches without running jobs.
/// - `revoked` are the jobs in flight whose claim in the database is another one, by the primary key of `jobs`.
pub(super) async fn heartbeat(
    db: &PgPool,
    worker: WorkerId,
    known: &Known,
    thorough: bool,
) -> sqlx::Result<Heartbeat> {
    let rows = if_current!(("held.claim", "$1"), query!(
        r#"with me as (
               select beat_at from job_workers where id = $1 and gone_at is null
           ), beat as (
               update job_workers set beat_at = now() where id = $1 and gone_at is null returning id
           ), silent as (
               update job_workers set gone_at = now()
               where id <> $1 and gone_at is null
                 and greatest(beat_at, pg_postmaster_start_time()) < now() - make_interval(secs => $2)
                 and exists (select from me where me.beat_at > now() - make_interval(secs => $3))
               returning id
           ), gone as (
               select id from job_workers where gone_at > now() - make_interval(mins => $7)
               union all select id from silent
           ), dubious as (
               select job_batches.queue, worker_id, number from gone cross join job_queues
               join job_batches on job_batches.queue = job_queues.name and worker_id = gone.id
               union
               select queue, $1, number from unnest($8::text[], $9::bigint[]) as told (queue, number)
               union
               select queue, worker_id, number from job_batches
               where $6 and (worker_id = $1 or not exists (
                   select from job_workers
                   where id = job_batches.worker_id and gone_at is null and id not in (select id from silent)))
           ), running as (
               select job_batches.queue, number, jobs.id, claim, jobs.worker_id, spent, claimed_at
               from dubious join job_batches using (queue, worker_id, number)
               cross join lateral (
                   select id, claim, worker_id, attempt >= max_attempts as spent, claimed_at from jobs
                   where id = any(job_batches.jobs) and state = 'running'
                     and worker_id = job_batches.worker_id) as jobs
           ), orphans as (
               select distinct id, claim, worker_id, spent from running
               where worker_id <> $1 or not exists (select from me)
                  or id <> all($4) and claimed_at < now() - make_interval(secs => $2)
           ), gone_through as (
               delete from job_batches using dubious
               where (job_batches.queue, job_batches.worker_id, job_batches.number)
                     = (dubious.queue, dubious.worker_id, dubious.number)
                 and (job_batches.queue, job_batches.worker_id, job_batches.number)
                     not in (select queue, worker_id, number from running)
           ), revoked as (
               select held.id, held.claim from unnest($4::bigint[], $5::integer[]) as held (id, claim)
               where not exists (
                   select from jobs
                   where jobs.id = held.id
                     and ("#,
        ..,
        r#"))
           )
           select exists (select from beat) as "alive!", id as "job: JobId", claim as "claim", worker_id as "worker: WorkerId", spent
           from (select id, claim, worker_id, spent from orphans
                 union all select id, claim, null, null from revoked) as found
           right join (select 1 as one) as always on true"#,
        worker.0,
        SILENCE,
        OWN_SILENCE,
        &known.jobs,
        &known.claims,
        thorough,
        GONE_MINUTES,
        &known.ended_queues,
        &known.ended_batches,
    ))
    .fetch_all(db)
    .await?;
    let mut heartbeat = Heartbeat { alive: false, orphans: Vec::new(), revoked: Vec::new() };
    for row in rows {
        heartbeat.alive = row.alive;
        match (row.job, row.claim, row.spent) {
            (Some(job), Some(claim), Some(spent)) => {
                heartbeat.orphans.push(Orphan { fence: Fence { job, claim, worker: row.worker }, spent });
            }
            (Some(job), Some(claim), None) => heartbeat.revoked.push((job.0, claim)),
            _ => {}
        }
    }
    Ok(heartbeat)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process reports the end of a batch once, even if that heartbeat fails.
    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn a_batch_whose_end_was_not_reported_goes_at_a_thorough_heartbeat(db: PgPool) -> sqlx::Result<()> {
        let worker =
            "insert into job_workers (name, host, pid) values ('worker', 'localhost', 1) returning id";
        let worker = WorkerId(sqlx::query_scalar(worker).fetch_one(&db).await?);
        let noted =
            "insert into job_batches (queue, worker_id, number, jobs) values ('cache', $1, 1, '{1,2}')";
        sqlx::query(noted).bind(worker.0).execute(&db).await?;
        let mut left = Vec::new();
        for thorough in [false, true] {
            let heartbeat = heartbeat(&db, worker, &Known::default(), thorough).await?;
            assert!(heartbeat.alive && heartbeat.orphans.is_empty() && heartbeat.revoked.is_empty());
            let count = sqlx::query_scalar::<_, i64>("select count(*) from job_batches");
            left.push(count.fetch_one(&db).await?);
        }
        assert_eq!(left, [1, 0], "after a heartbeat, and after a thorough one");
        Ok(())
    }
}
