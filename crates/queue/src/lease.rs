//! The lease: a process's row in `job_workers` and the heartbeat that keeps it.
//!
//! The lease belongs to the process and not to the job, so a long job in a live process never loses it. A process that was
//! stopped or cut off from the database for too long finds its lease ended. It stops its jobs and registers anew; the claim
//! numbers refuse the outcomes that it still tries to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::heartbeat::heartbeat;
use super::in_flight::InFlight;
use super::reaper::{keep_noting_unlisted, reap};
use crate::ids::WorkerId;

/// The time between two heartbeats. With [`SILENCE`](super::heartbeat::SILENCE) it bounds the time to recovery:
/// 15 s + 3 s.
const INTERVAL: Duration = Duration::from_secs(3);

/// One heartbeat in this many is thorough. A thorough one steps over the index entries of all batches since the oldest open
/// snapshot, so it is too expensive for each.
const THOROUGH: u32 = 20;

/// This many heartbeats are thorough after a failed claim. By then the database shows whether the claim succeeded.
const IN_DOUBT: u32 = 8;

/// One registration of this process. Jobs are claimed under it.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) worker: WorkerId,
    /// Cancelled when the lease is lost. The jobs that run under it must stop.
    pub(super) lost: CancellationToken,
}

/// The lease of this process.
#[derive(Debug)]
pub(super) struct Lease {
    db: PgPool,
    /// For statements that wait for the disk: registrations, whose ids must be unique, and the outcomes of orphans.
    settling: PgPool,
    pub(super) in_flight: InFlight,
    current: RwLock<Registration>,
    /// How many heartbeats there were, and how many more are thorough because a claim is in doubt.
    heartbeats: AtomicU32,
    in_doubt: AtomicU32,
}

impl Lease {
    /// Registers this process and sends heartbeats until `stop`.
    pub(super) async fn start(
        db: PgPool,
        settling: PgPool,
        stop: CancellationToken,
    ) -> sqlx::Result<Arc<Self>> {
        let current = RwLock::new(register(&settling).await?);
        let lease = Arc::new(Self {
            db,
            settling,
            in_flight: InFlight::default(),
            current,
            heartbeats: AtomicU32::new(0),
            in_doubt: AtomicU32::new(0),
        });
        let noting = keep_noting_unlisted(lease.db.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(noting));
        tokio::spawn(Arc::clone(&lease).keep(stop));
        Ok(lease)
    }

    /// The registration to claim under.
    pub(super) fn current(&self) -> Registration {
        self.current.read().clone()
    }

    /// Ends the lease. The next heartbeat of another process hands back the jobs that are still claimed under it.
    pub(super) async fn release(&self) -> sqlx::Result<()> {
        let worker = self.current().worker;
        sqlx::query!("update job_workers set gone_at = now() where id = $1 and gone_at is null", worker.0)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            // A connection that hangs must not stop the heartbeat: the next one takes another connection.
            match tokio::time::timeout(INTERVAL, self.beat()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(%error, "missed a heartbeat"),
                Err(_) => warn!("missed a heartbeat: the database didn't answer in time"),
            }
        }
    }

    /// Notes that a claim failed. It may have succeeded all the same.
    pub(super) fn doubt(&self) {
        self.in_doubt.store(IN_DOUBT, Ordering::Relaxed);
    }

    fn is_thorough(&self) -> bool {
        let due = self.heartbeats.fetch_add(1, Ordering::Relaxed).is_multiple_of(THOROUGH);
        let fewer = |left: u32| left.checked_sub(1);
        self.in_doubt.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok() || due
    }

    async fn beat(&self) -> sqlx::Result<()> {
        let registration = self.current();
        let thorough = self.is_thorough();
        let heartbeat = heartbeat(&self.db, registration.worker, &self.in_flight.known(), thorough).await?;
        for (job, claim) in heartbeat.revoked {
            self.in_flight.revoke(job, claim);
        }
        if !heartbeat.orphans.is_empty() {
            reap(&self.settling, &heartbeat.orphans).await?;
        }
        if !heartbeat.alive {
            error!(worker = %registration.worker, "lost the lease after a silence; registering anew");
            registration.lost.cancel();
            let fresh = register(&self.settling).await?;
            *self.current.write() = fresh;
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
