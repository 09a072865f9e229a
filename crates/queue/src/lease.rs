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

use super::heartbeat::{beat, note_unlisted};
use super::holding::Holding;
use super::settle::{Outcome, Settlements};
use crate::ids::WorkerId;

/// Between two heartbeats. With [`SILENCE`](super::heartbeat::SILENCE) it bounds the time to recovery: 15 s + 3 s.
const BEAT: Duration = Duration::from_secs(3);

/// Every so many heartbeats is a thorough one. It steps over the entries of all claims since the oldest snapshot that anybody
/// holds, so it is not each.
const THOROUGH: u32 = 20;

/// So many heartbeats are thorough after a claim whose answer may have been lost: until it shows.
const IN_DOUBT: u32 = 8;

/// Between two looks at all live jobs for those that run without a note of their claim, and after one that failed. The
/// first is made at the start.
const UNLISTED: Duration = Duration::from_mins(10);
const UNLISTED_RETRY: Duration = Duration::from_mins(1);

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
        let noting = keep_noting_unlisted(lease.db.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(noting));
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
        let beat = beat(&self.db, registration.worker, &self.holding.known(), thorough).await?;
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

/// Has jobs noted that run without a note of their claim. Takes some tenths of a second for each million that live, so
/// it is no heartbeat's business.
async fn keep_noting_unlisted(db: PgPool) {
    loop {
        let wait = match note_unlisted(&db).await {
            Ok(workers) => {
                if workers > 0 {
                    info!(workers, "noted jobs that run without a note of their claim");
                }
                UNLISTED
            }
            Err(error) => {
                warn!(%error, "couldn't look for jobs that run without a note of their claim; will try again");
                UNLISTED_RETRY
            }
        };
        tokio::time::sleep(wait).await;
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
