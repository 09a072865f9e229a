//! The lease: a process's row, its heartbeat, and handing back the jobs of processes that fell silent.
//!
//! The lease belongs to the process and not to the job, so a long job in a live process never loses it. A process
//! that was away for too long (stopped, or cut off from the database) finds its row gone, drops what it was doing and
//! registers anew; whatever it still tries to ack is refused by the claim number.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::holding::Holding;
use crate::ids::WorkerId;

/// Between two heartbeats. With [`SILENCE`] it bounds the time to recovery: 15 s + 3 s.
const BEAT: Duration = Duration::from_secs(3);

/// A process that has not written a heartbeat for this long has lost its jobs, in seconds.
const SILENCE: f64 = 15.0;

/// A process that itself could not write for this long judges nobody until it has written twice in time: when the
/// database was away, everybody was silent. In seconds.
const OWN_SILENCE: f64 = 8.0;

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
    /// What this process knows to have claimed.
    pub(super) holding: Holding,
    current: RwLock<Registration>,
}

impl Lease {
    /// Registers this process and keeps its heart beating until `stop`.
    pub(super) async fn start(db: PgPool, stop: CancellationToken) -> sqlx::Result<Arc<Self>> {
        let current = RwLock::new(register(&db).await?);
        let lease = Arc::new(Self { db, holding: Holding::default(), current });
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
        sqlx::query!("delete from job_workers where id = $1", worker.0).execute(&self.db).await?;
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

    async fn beat(&self) -> sqlx::Result<()> {
        let registration = self.current();
        let beat = beat(&self.db, registration.worker, &self.holding.ids()).await?;
        if beat.dead > 0 || beat.returned > 0 {
            warn!(
                returned = beat.returned,
                queues = beat.queues,
                dead = beat.dead,
                "took jobs back from workers that fell silent"
            );
        }
        if !beat.alive {
            error!(worker = %registration.worker, "lost the lease after a silence; starting over");
            registration.lost.cancel();
            let fresh = register(&self.db).await?;
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
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
    returned: i64,
    dead: i64,
    queues: i64,
}

/// Writes the heartbeat, removes workers that fell silent, and hands back every job whose worker has no row. The last
/// also catches a claim that was in flight while its worker was removed. A claim of its own that this process knows
/// nothing of is handed back too: its answer was lost with a connection. What another process claims anew between
/// looking and locking has another claim number and is left alone.
async fn beat(db: &PgPool, worker: WorkerId, held: &[i64]) -> sqlx::Result<Beat> {
    sqlx::query_as!(
        Beat,
        r#"with me as (
               select beat_at from job_workers where id = $1
           ), beat as (
               update job_workers set beat_at = now() where id = $1 returning id
           ), silent as (
               delete from job_workers
               where id <> $1
                 and greatest(beat_at, pg_postmaster_start_time()) < now() - make_interval(secs => $2)
                 and exists (select from me where me.beat_at > now() - make_interval(secs => $3))
               returning id
           ), suspect as materialized (
               select jobs.id, claim
               from jobs
               where state = 'running'
                 and (not exists (
                          select from job_workers
                          where job_workers.id = jobs.worker_id
                            and job_workers.id not in (select id from silent))
                      or (worker_id = $1 and id <> all($5) and claimed_at < now() - make_interval(secs => $2)))
           ), orphaned as (
               select jobs.id, attempt >= max_attempts as spent
               from jobs join suspect on jobs.id = suspect.id and jobs.claim = suspect.claim
               where state = 'running'
               for update of jobs skip locked
           ), returned as (
               update jobs
               set state = 'ready', worker_id = null, claim = claim + 1,
                   last_error = 'the worker died or fell silent during attempt ' || attempt
               from orphaned where jobs.id = orphaned.id and not spent
               returning queue
           ), ended as (
               delete from jobs using orphaned where jobs.id = orphaned.id and spent returning jobs.*
           ), buried as (
               insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim,
                                        created_at, claimed_at, expires_at, payload, last_error)
               select id, queue, kind, 'dead', priority, attempt, max_attempts, claim + 1,
                      created_at, claimed_at, now() + interval '30 days', payload,
                      'the worker died or fell silent during the last attempt'
               from ended returning id
           ), woken as (
               select pg_notify($4, queue) from (select distinct queue from returned) as queues
           )
           select exists (select from beat) as "alive!",
                  (select count(*) from returned) as "returned!",
                  (select count(*) from buried) as "dead!",
                  (select count(*) from woken) as "queues!""#,
        worker.0,
        SILENCE,
        OWN_SILENCE,
        super::enqueue::CHANNEL,
        held,
    )
    .fetch_one(db)
    .await
}
