//! The reaper: what becomes of jobs whose worker has lost its lease.

use std::time::Duration;

use sqlx::PgPool;
use tracing::{info, warn};

use super::heartbeat::{Orphan, SILENCE};
use super::settle::{Settlements, Unfinished};

/// The time between two searches of all live jobs for those that are in no batch, and after a search that failed. The
/// first search is at the start.
const UNLISTED: Duration = Duration::from_mins(10);
const UNLISTED_RETRY: Duration = Duration::from_mins(1);

/// Hands back the jobs of workers that are gone. Those without attempts left are dead.
pub(super) async fn reap(db: &PgPool, orphans: &[Orphan]) -> sqlx::Result<()> {
    let mut lost = Settlements::default();
    for orphan in orphans {
        lost.push(orphan.fence, &after_loss(orphan.spent).into());
    }
    let reaped = lost.write(&mut *db.acquire().await?).await?;
    warn!(reaped, found = orphans.len(), "took jobs back from workers that are gone");
    Ok(())
}

fn after_loss(spent: bool) -> Unfinished {
    if spent {
        Unfinished::Dead { error: "the worker died or fell silent during the last attempt".to_owned() }
    } else {
        Unfinished::Retry {
            delay: Duration::ZERO,
            error: "the worker died or fell silent during this attempt".to_owned(),
        }
    }
}

/// Notes unlisted jobs again and again. A search takes some tenths of a second for each million of live jobs, so it is
/// not part of the heartbeat.
pub(super) async fn keep_noting_unlisted(db: PgPool) {
    loop {
        let wait = match note_unlisted(&db).await {
            Ok(workers) => {
                if workers > 0 {
                    info!(workers, "noted running jobs that were in no batch");
                }
                UNLISTED
            }
            Err(error) => {
                warn!(%error, "failed to search for running jobs that are in no batch; trying again in a minute");
                UNLISTED_RETRY
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Puts running jobs that are in no batch into one, so that the heartbeat finds them when their worker is gone. A version
/// of this program without batches claims such jobs while this one runs beside it. Reads all live jobs. Returns how many
/// batches were added, one for each queue and worker.
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
    use crate::heartbeat::heartbeat;
    use crate::ids::WorkerId;
    use crate::in_flight::Known;

    #[sqlx::test(migrator = "crate::MIGRATIONS")]
    async fn a_running_job_in_no_batch_is_taken_from_a_worker_that_is_gone(db: PgPool) -> sqlx::Result<()> {
        let worker =
            "insert into job_workers (name, host, pid) values ('worker', 'localhost', 1) returning id";
        let worker = WorkerId(sqlx::query_scalar(worker).fetch_one(&db).await?);
        let claimed = "insert into jobs (queue, kind, state, max_attempts, attempt, claim, worker_id, claimed_at, payload)
                       select 'cache', 'a.v1', 'running', 3, 1, 1, 1000, now() - seconds * interval '1 second', '{}'
                       from unnest('{2,20,40}'::integer[]) as seconds";
        sqlx::query(claimed).execute(&db).await?;
        let orphans = async || {
            heartbeat(&db, worker, &Known::default(), true).await.map(|heartbeat| heartbeat.orphans.len())
        };
        assert_eq!(orphans().await?, 0, "no batch lists the running jobs");
        assert_eq!(note_unlisted(&db).await?, 1);
        assert_eq!(orphans().await?, 2, "the third may belong to a claim that is not committed yet");
        assert_eq!(note_unlisted(&db).await?, 0);
        Ok(())
    }
}
