//! A process that runs jobs: its lease, its wake-ups, its completer, and a claiming loop for each queue.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::backend::{Prefetched, QueueBackend};
use super::claim::Claimed;
use super::claimer::{Claimer, NextClaim};
use super::completer::Completer;
use super::job::Queue;
use super::lease::Lease;
use super::slots::{Capacity, Slots};
use super::wake::WakeUps;

/// The most jobs in one batch.
const BATCH: usize = 1000;

/// One connection each for the heartbeat, the poll, the listener and the search for unlisted jobs. During a burst each
/// queue keeps another one. Two or three are open most of the time.
const OWN_CONNECTIONS: u32 = 4;

/// The completer and the reaper have one each.
const SETTLING: u32 = 2;

/// Ends statements that this process no longer waits for: their snapshots keep vacuum from removing the rows of ended
/// jobs.
const TIMEOUT: [(&str, &str); 1] = [("statement_timeout", "15s")];

/// Makes the planner use the indexes. The table is small or empty most of the time, and a plan made for it then would read
/// and sort a whole backlog for each claim. A plan that needs one of these methods all the same has a very high cost, which
/// would make Postgres compile it; so JIT is off too.
const BY_INDEX: [(&str, &str); 6] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_sort", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

fn claiming(queues: &[Queue]) -> u32 {
    OWN_CONNECTIONS + u32::try_from(queues.len()).unwrap_or(u32::MAX / 2)
}

/// The wait after a failed claim.
const RETRY: Duration = Duration::from_millis(500);

/// This process among the workers. It makes a backend for each queue that it serves.
#[derive(Clone, Debug)]
pub struct Process {
    db: PgPool,
    lease: Arc<Lease>,
    wake_ups: WakeUps,
    completer: Completer,
    claiming: TaskTracker,
    stop_claiming: CancellationToken,
    stop_heartbeat: CancellationToken,
}

impl Process {
    /// The most connections that a process for these queues opens beside the pool that it is given.
    #[must_use]
    pub fn connections(queues: &[Queue]) -> u32 {
        claiming(queues) + SETTLING
    }

    /// Registers this process, which serves some of `queues` and makes due jobs of all of them ready. It connects to the
    /// database of `db` by itself, so that handlers which use all connections of `db` delay neither heartbeats nor
    /// outcomes.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn start(db: PgPool, queues: &[Queue]) -> sqlx::Result<Self> {
        // All statements are repeated when their connection is broken, so connections need no ping before each use.
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(3))
        };
        let options = (*db.connect_options()).clone().options(TIMEOUT).options(BY_INDEX);
        let settling = pool(1).connect_lazy_with(options.clone());
        let completing = pool(1).connect_lazy_with(options.clone());
        // Claims and heartbeats need not be on disk: a crash that forgets a claim makes its job ready again.
        let db = pool(claiming(queues)).connect_lazy_with(options.options([
            ("synchronous_commit", "off"),
            // A process that is stopped during a claim within limits must not keep the queue's lock.
            ("idle_in_transaction_session_timeout", "5s"),
        ]));
        let (stop_claiming, stop_heartbeat) = (CancellationToken::new(), CancellationToken::new());
        let lease = Lease::start(db.clone(), settling, stop_heartbeat.clone()).await?;
        Ok(Self {
            wake_ups: WakeUps::start(db.clone(), queues, lease.in_flight.clone(), stop_claiming.clone()),
            completer: Completer::start(completing),
            lease,
            db,
            claiming: TaskTracker::new(),
            stop_claiming,
            stop_heartbeat,
        })
    }

    /// The apalis backend that claims from `queue`.
    #[must_use]
    pub fn backend(&self, queue: Queue, capacity: Capacity) -> QueueBackend {
        let prefetched = Arc::new(Prefetched::default());
        let slots = Slots::new(capacity);
        self.claiming.spawn(self.clone().claim_until_stopped(queue, slots, Arc::clone(&prefetched)));
        QueueBackend::new(prefetched)
    }

    /// Stops claiming, and hands back the prefetched jobs.
    pub fn stop_claiming(&self) {
        self.stop_claiming.cancel();
    }

    /// Aborts the jobs that still run, and hands them back.
    pub fn abort_running(&self) {
        self.lease.current().lost.cancel();
    }

    /// Writes all outcomes and ends the lease. Call it when the workers have ended.
    pub async fn leave(self) {
        self.stop_claiming();
        self.claiming.close();
        self.claiming.wait().await;
        self.completer.flush().await;
        self.stop_heartbeat.cancel();
        if let Err(error) = self.lease.release().await {
            warn!(%error, "failed to end the lease; other workers will end it within seconds");
        }
    }

    /// Waits for free slots, and returns how many there are; `None` when it is time to stop. Hands back the prefetched jobs
    /// when the queue's settings change.
    async fn room(&self, queue: Queue, slots: &Slots, prefetched: &Prefetched) -> Option<usize> {
        let room = async {
            self.completer.caught_up().await;
            slots.room().await
        };
        tokio::pin!(room);
        loop {
            tokio::select! {
                biased;
                () = self.stop_claiming.cancelled() => return None,
                () = self.wake_ups.changed(queue) => prefetched.hand_back(),
                room = &mut room => return Some(room),
            }
        }
    }

    async fn claim_until_stopped(self, queue: Queue, slots: Arc<Slots>, prefetched: Arc<Prefetched>) {
        let stop = self.stop_claiming.clone();
        let mut claimer = Claimer::new(self.db.clone());
        let in_flight = &self.lease.in_flight;
        let mut failing = false;
        while let Some(room) = self.room(queue, &slots, &prefetched).await {
            let registration = self.lease.current();
            let request = in_flight.request(queue, registration.worker, room.min(BATCH));
            let next = match claimer.claim_in_time(&request).await {
                Ok((rows, next)) => {
                    failing = false;
                    if !rows.is_empty() {
                        let batch = in_flight.batch(&request, rows.len());
                        prefetched.push(rows.into_iter().filter_map(|row| {
                            let tracked = in_flight.track(row.fence(registration.worker), &batch)?;
                            Some(Claimed::new(
                                row,
                                tracked,
                                registration.clone(),
                                self.completer.clone(),
                                slots.take(),
                            ))
                        }));
                    }
                    next
                }
                Err(error) => {
                    if !failing {
                        warn!(%error, %queue, "failed to claim jobs; trying again until it succeeds");
                    }
                    failing = true;
                    self.lease.doubt();
                    NextClaim::Later(RETRY)
                }
            };
            match next {
                NextClaim::AtOnce => {}
                NextClaim::WhenWoken => drop(stop.run_until_cancelled(self.wake_ups.woken(queue)).await),
                NextClaim::WhenResumed => {
                    prefetched.hand_back();
                    let _ = stop.run_until_cancelled(self.wake_ups.woken(queue)).await;
                }
                NextClaim::Later(wait) => {
                    let woken = tokio::time::timeout(wait, self.wake_ups.woken(queue));
                    let _ = stop.run_until_cancelled(woken).await;
                }
            }
        }
        prefetched.hand_back();
    }
}
