//! The statement of a heartbeat: shows that this process lives, and finds what was left behind by others and by itself.

use sqlx::PgPool;

use super::holding::Known;
use super::settle::Fence;
use crate::ids::{JobId, WorkerId};

/// A process that has not written a heartbeat for this long has lost its jobs, in seconds.
pub(super) const SILENCE: f64 = 15.0;

/// A process that itself could not write for this long judges nobody until it has written twice in time: when the
/// database was away, everybody was silent. In seconds.
const OWN_SILENCE: f64 = 8.0;

/// For so long after its end each heartbeat looks at what a worker has left behind, in minutes.
const GONE_MINUTES: i32 = 5;

/// What a heartbeat found.
pub(super) struct Beat {
    /// Whether the process still has its lease.
    pub(super) alive: bool,
    pub(super) orphans: Vec<Orphan>,
    /// Held jobs whose claim is no longer this process's.
    pub(super) revoked: Vec<(i64, i32)>,
}

/// A job that is running under a worker that is gone.
pub(super) struct Orphan {
    pub(super) fence: Fence,
    pub(super) spent: bool,
}

/// Writes the heartbeat, ends the lease of workers that fell silent, and finds the jobs of those that are gone, also when
/// their claim was in flight at that moment. A thorough one looks at all that run: for jobs of whomever nobody has a row
/// of, and for claims of its own that this process knows nothing of, since their answer was lost with a connection. What
/// another process does meanwhile moves the claim number on, so that taking the orphan back counts for nothing.
///
/// A claim's row in `job_batches` goes when nothing of it runs any more.
pub(super) async fn beat(db: &PgPool, worker: WorkerId, known: &Known, thorough: bool) -> sqlx::Result<Beat> {
    let rows = sqlx::query!(
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
                     and (jobs.claim = held.claim and worker_id = $1
                          or jobs.claim = held.claim - 1 and worker_id is null
                             and (unique_key is null or not key_waits_only)))
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
        &known.over_queues,
        &known.over_batches,
    )
    .fetch_all(db)
    .await?;
    let mut beat = Beat { alive: false, orphans: Vec::new(), revoked: Vec::new() };
    for row in rows {
        beat.alive = row.alive;
        match (row.job, row.claim, row.spent) {
            (Some(job), Some(claim), Some(spent)) => {
                beat.orphans.push(Orphan { fence: Fence { job, claim, worker: row.worker }, spent });
            }
            (Some(job), Some(claim), None) => beat.revoked.push((job.0, claim)),
            _ => {}
        }
    }
    Ok(beat)
}

/// Notes what runs and is in no claim's row, so that it is found when its worker is gone: jobs that a version without
/// such rows claims while this one runs beside it. Reads all live jobs. Answers with how many workers have such jobs.
pub(super) async fn note_unlisted(db: &PgPool) -> sqlx::Result<u64> {
    let noted = sqlx::query!(
        "insert into job_batches (queue, worker_id, number, jobs)
         select queue, worker_id, -min(id), array_agg(id) from jobs
         where state = 'running' and claimed_at < now() - make_interval(secs => $1)
           and not exists (
               select from job_batches as batch
               where batch.queue = jobs.queue and batch.worker_id = jobs.worker_id and jobs.id = any(batch.jobs))
         group by queue, worker_id
         on conflict do nothing",
        SILENCE,
    );
    Ok(noted.execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever tells of the end of a claim, in a statement that fails, doesn't tell of it again.
    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn a_claim_whose_end_was_told_in_vain_goes_at_a_thorough_heartbeat(db: PgPool) -> sqlx::Result<()> {
        let worker =
            "insert into job_workers (name, host, pid) values ('worker', 'localhost', 1) returning id";
        let worker = WorkerId(sqlx::query_scalar(worker).fetch_one(&db).await?);
        let noted =
            "insert into job_batches (queue, worker_id, number, jobs) values ('cache', $1, 1, '{1,2}')";
        sqlx::query(noted).bind(worker.0).execute(&db).await?;
        let mut left = Vec::new();
        for thorough in [false, true] {
            let beat = beat(&db, worker, &Known::default(), thorough).await?;
            assert!(beat.alive && beat.orphans.is_empty() && beat.revoked.is_empty());
            let count = sqlx::query_scalar::<_, i64>("select count(*) from job_batches");
            left.push(count.fetch_one(&db).await?);
        }
        assert_eq!(left, [1, 0], "after a heartbeat, and after a thorough one");
        Ok(())
    }

    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn a_job_that_was_claimed_without_a_note_is_taken_from_a_worker_that_is_gone(
        db: PgPool,
    ) -> sqlx::Result<()> {
        let worker =
            "insert into job_workers (name, host, pid) values ('worker', 'localhost', 1) returning id";
        let worker = WorkerId(sqlx::query_scalar(worker).fetch_one(&db).await?);
        let claimed = "insert into jobs (queue, kind, state, max_attempts, attempt, claim, worker_id, claimed_at, payload)
                       select 'cache', 'a.v1', 'running', 3, 1, 1, 1000, now() - seconds * interval '1 second', '{}'
                       from unnest('{2,20,40}'::integer[]) as seconds";
        sqlx::query(claimed).execute(&db).await?;
        let orphans =
            async || beat(&db, worker, &Known::default(), true).await.map(|beat| beat.orphans.len());
        assert_eq!(orphans().await?, 0, "nothing says that they run");
        assert_eq!(note_unlisted(&db).await?, 1);
        assert_eq!(orphans().await?, 2, "the third may be in the hands of a claim that isn't committed");
        assert_eq!(note_unlisted(&db).await?, 0);
        Ok(())
    }
}
