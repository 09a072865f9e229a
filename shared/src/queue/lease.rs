//! The lease: a process's row, its heartbeat, and handing back the jobs of processes that fell silent.
//!
//! The lease belongs to the process and not to the job, so a long job in a live process never loses it. A process
//! that was away for too long (stopped, or cut off from the database) finds its row gone, drops what it was doing and
//! registers anew; whatever it still tries to ack is refused by the claim number.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::holding::Holding;
use super::settle::{Fence, Outcome, Settlements};
use crate::ids::{JobId, WorkerId};

/// Between two heartbeats. With [`SILENCE`] it bounds the time to recovery: 15 s + 3 s.
const BEAT: Duration = Duration::from_secs(3);

/// A process that has not written a heartbeat for this long has lost its jobs, in seconds.
pub(super) const SILENCE: f64 = 15.0;

/// A process that itself could not write for this long judges nobody until it has written twice in time: when the
/// database was away, everybody was silent. In seconds.
const OWN_SILENCE: f64 = 8.0;

/// For so long after its end each heartbeat looks at what a worker has left behind, in minutes.
const GONE_MINUTES: i32 = 5;

/// Every so many heartbeats is a thorough one. It steps over the index entries of all jobs that have run since the oldest
/// snapshot that anybody holds, so it is not each.
const THOROUGH: u32 = 20;

/// So many heartbeats are thorough after a claim whose answer may have been lost: until it shows.
const IN_DOUBT: u32 = 8;

/// One registration of this process; jobs are claimed under it.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) worker: WorkerId,
    /// Cancelled when the lease is lost: whatever runs under it must stop.
    pub(super) lost: CancellationToken,
}

/// This process's membership among the workers.
#[derive(Debug)]
pub(super) struct Lease {
    db: PgPool,
    /// For what has to be on disk: registrations, whose ids must not come twice, and what became of orphans.
    settling: PgPool,
    /// What this process knows to have claimed.
    pub(super) holding: Holding,
    current: RwLock<Registration>,
    /// How many heartbeats there were, and how many more are thorough because a claim is in doubt.
    beats: AtomicU32,
    in_doubt: AtomicU32,
}

impl Lease {
    /// Registers this process and keeps its heart beating until `stop`.
    pub(super) async fn start(
        db: PgPool,
        settling: PgPool,
        stop: CancellationToken,
    ) -> sqlx::Result<Arc<Self>> {
        let current = RwLock::new(register(&settling).await?);
        let lease = Arc::new(Self {
            db,
            settling,
            holding: Holding::default(),
            current,
            beats: AtomicU32::new(0),
            in_doubt: AtomicU32::new(0),
        });
        tokio::spawn(Arc::clone(&lease).keep(stop));
        Ok(lease)
    }

    /// The registration to claim under.
    pub(super) fn current(&self) -> Registration {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives up the registration; what is still claimed under it is ready for others at their next heartbeat.
    pub(super) async fn release(&self) -> sqlx::Result<()> {
        let worker = self.current().worker;
        sqlx::query!("update job_workers set gone_at = now() where id = $1 and gone_at is null", worker.0)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(BEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            // A connection that hangs must not stop the heart: the next beat takes another.
            match tokio::time::timeout(BEAT, self.beat()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(%error, "missed a heartbeat"),
                Err(_) => warn!("missed a heartbeat: the database didn't answer in time"),
            }
        }
    }

    /// A claim failed: it may have succeeded all the same.
    pub(super) fn doubt(&self) {
        self.in_doubt.store(IN_DOUBT, Ordering::Relaxed);
    }

    fn is_thorough(&self) -> bool {
        let due = self.beats.fetch_add(1, Ordering::Relaxed).is_multiple_of(THOROUGH);
        let fewer = |left: u32| left.checked_sub(1);
        self.in_doubt.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok() || due
    }

    async fn beat(&self) -> sqlx::Result<()> {
        let registration = self.current();
        let thorough = self.is_thorough();
        let beat = beat(&self.db, registration.worker, self.holding.claims(), thorough).await?;
        for (job, claim) in beat.revoked {
            self.holding.revoke(job, claim);
        }
        if !beat.orphans.is_empty() {
            let mut lost = Settlements::default();
            for orphan in &beat.orphans {
                lost.push(orphan.fence, &after_loss(orphan.spent));
            }
            let taken = lost.write(&mut *self.settling.acquire().await?).await?;
            warn!(taken, found = beat.orphans.len(), "took jobs back from workers that fell silent");
        }
        if !beat.alive {
            error!(worker = %registration.worker, "lost the lease after a silence; starting over");
            registration.lost.cancel();
            let fresh = register(&self.settling).await?;
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }
}

/// What becomes of a job whose worker is gone.
fn after_loss(spent: bool) -> Outcome {
    if spent {
        Outcome::Dead { error: "the worker died or fell silent during the last attempt".to_owned() }
    } else {
        Outcome::Retry {
            delay: Duration::ZERO,
            error: "the worker died or fell silent during this attempt".to_owned(),
        }
    }
}

async fn register(db: &PgPool) -> sqlx::Result<Registration> {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "localhost",
        host => host,
    };
    let pid = std::process::id();
    let name = format!("{host}-{pid}-{}", ulid::Ulid::generate());
    let worker = sqlx::query_scalar!(
        r#"insert into job_workers (name, host, pid) values ($1, $2, $3) returning id as "id: WorkerId""#,
        name,
        host,
        i32::try_from(pid).unwrap_or(0),
    )
    .fetch_one(db)
    .await?;
    info!(%worker, name, "registered as a worker");
    Ok(Registration { worker, lost: CancellationToken::new() })
}

struct Beat {
    alive: bool,
    orphans: Vec<Orphan>,
    /// Held jobs whose claim is no longer this process's.
    revoked: Vec<(i64, i32)>,
}

/// A job that is running under a worker that is gone.
struct Orphan {
    fence: Fence,
    spent: bool,
}

/// Writes the heartbeat, ends the lease of workers that fell silent, and finds the jobs of those that are gone, also when
/// their claim was in flight at that moment. A thorough one looks at all that run: for jobs of whomever nobody has a row
/// of, and for claims of its own that this process knows nothing of, since their answer was lost with a connection. What
/// another process does meanwhile moves the claim number on, so that taking the orphan back counts for nothing.
async fn beat(
    db: &PgPool,
    worker: WorkerId,
    (held, claims): (Vec<i64>, Vec<i32>),
    thorough: bool,
) -> sqlx::Result<Beat> {
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
           ), orphans as (
               select left_behind.* from gone cross join job_queues cross join lateral (
                   select jobs.id, claim, worker_id, attempt >= max_attempts as spent
                   from jobs
                   where state = 'running' and queue = job_queues.name and worker_id = gone.id) as left_behind
               union
               select jobs.id, claim, worker_id, attempt >= max_attempts as spent
               from jobs
               where $6 and state = 'running'
                 and (not exists (
                          select from job_workers
                          where job_workers.id = jobs.worker_id and gone_at is null
                            and job_workers.id not in (select id from silent))
                      or (worker_id = $1 and id <> all($4) and claimed_at < now() - make_interval(secs => $2)))
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
        &held,
        &claims,
        thorough,
        GONE_MINUTES,
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
