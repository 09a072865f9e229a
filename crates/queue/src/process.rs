//! A process that runs jobs: its lease, its bells, its acks, and the loops that claim for each queue.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::ack::Acks;
use super::backend::{Inbox, QueueBackend};
use super::claim::Claimed;
use super::claims::{Claims, Next};
use super::job::Queue;
use super::lease::Lease;
use super::slots::{Capacity, Slots};
use super::wake::Bells;

/// The most that one claim takes.
const BATCH: usize = 1000;

/// Heartbeat, poll, listener and the look for jobs without a note, one each, beside one for each queue amid a burst of
/// claims; of them two or three are open most of the time.
const OWN_CONNECTIONS: u32 = 4;

/// Two write outcomes.
const SETTLING: u32 = 2;

/// What we have given up waiting for must not go on for ever with its snapshot, which keeps vacuum from removing what has
/// ended since.
const GIVE_UP: [(&str, &str); 1] = [("statement_timeout", "15s")];

/// Claims, heartbeats and outcomes look jobs up by indexes, one by one, and in the order of an index. A plan that was made
/// while the table was small or empty, as it is most of the time, would read all of a backlog for each claim otherwise, and
/// sort it. What is off counts as very expensive where nothing else is possible, which must not seem worth compiling.
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

/// Before claiming again when the database failed.
const RETRY: Duration = Duration::from_millis(500);

/// This process among the workers. Ask it for a backend for each queue that it serves.
#[derive(Clone, Debug)]
pub struct Process {
    db: PgPool,
    lease: Arc<Lease>,
    bells: Bells,
    acks: Acks,
    claiming: TaskTracker,
    stop_claiming: CancellationToken,
    stop_beating: CancellationToken,
}

impl Process {
    /// The most connections that it takes beside those of the pool that it is given.
    #[must_use]
    pub fn connections(queues: &[Queue]) -> u32 {
        claiming(queues) + SETTLING
    }

    /// Registers this process, which serves some of `queues` and announces the due jobs of all. It talks to the database of `db` over connections of its own, so that handlers which hold
    /// all of `db`'s cost it neither the lease nor an ack.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn start(db: PgPool, queues: &[Queue]) -> sqlx::Result<Self> {
        // A connection that broke is found out by the statement that uses it, which is repeated: no ping before each.
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(3))
        };
        let options = (*db.connect_options()).clone().options(GIVE_UP).options(BY_INDEX);
        let settling = pool(1).connect_lazy_with(options.clone());
        let acking = pool(1).connect_lazy_with(options.clone());
        // Neither a claim nor a heartbeat has to be on disk to be good: a crash that forgets it hands the job back.
        let db = pool(claiming(queues)).connect_lazy_with(options.options([
            ("synchronous_commit", "off"),
            // A process that was stopped amid a claim within limits must not keep the queue's lock.
            ("idle_in_transaction_session_timeout", "5s"),
        ]));
        let (stop_claiming, stop_beating) = (CancellationToken::new(), CancellationToken::new());
        let lease = Lease::start(db.clone(), settling, stop_beating.clone()).await?;
        Ok(Self {
            bells: Bells::start(db.clone(), queues, lease.holding.clone(), stop_claiming.clone()),
            acks: Acks::start(acking),
            lease,
            db,
            claiming: TaskTracker::new(),
            stop_claiming,
            stop_beating,
        })
    }

    /// The apalis backend that claims from `queue`.
    #[must_use]
    pub fn backend(&self, queue: Queue, capacity: Capacity) -> QueueBackend {
        let inbox = Arc::new(Inbox::default());
        let slots = Slots::new(capacity);
        self.claiming.spawn(self.clone().claim_until_stopped(queue, slots, Arc::clone(&inbox)));
        QueueBackend::new(inbox)
    }

    /// Stops claiming, and hands back what is claimed and not started.
    pub fn stop_claiming(&self) {
        self.stop_claiming.cancel();
    }

    /// Aborts what still runs and hands it back: the time to finish is over.
    pub fn abort_running(&self) {
        self.lease.current().lost.cancel();
    }

    /// Writes every outcome and signs off. Call it when the workers have ended.
    pub async fn leave(self) {
        self.stop_claiming();
        self.claiming.close();
        self.claiming.wait().await;
        self.acks.flush().await;
        self.stop_beating.cancel();
        if let Err(error) = self.lease.release().await {
            warn!(%error, "couldn't sign off; others will notice within seconds");
        }
    }

    /// Waits for slots to claim for. `None`: it is time to stop. What was claimed ahead under other settings goes back.
    async fn room(&self, queue: Queue, slots: &Slots, inbox: &Inbox) -> Option<usize> {
        let room = async {
            self.acks.caught_up().await;
            slots.room().await
        };
        tokio::pin!(room);
        loop {
            tokio::select! {
                biased;
                () = self.stop_claiming.cancelled() => return None,
                () = self.bells.changed(queue) => inbox.hand_back(),
                room = &mut room => return Some(room),
            }
        }
    }

    async fn claim_until_stopped(self, queue: Queue, slots: Arc<Slots>, inbox: Arc<Inbox>) {
        let stop = self.stop_claiming.clone();
        let mut claims = Claims::new(self.db.clone());
        let holding = &self.lease.holding;
        let mut failing = false;
        while let Some(room) = self.room(queue, &slots, &inbox).await {
            let registration = self.lease.current();
            let ask = holding.ask(queue, registration.worker, room.min(BATCH));
            let next = match claims.claim_in_time(&ask).await {
                Ok((rows, next)) => {
                    failing = false;
                    if !rows.is_empty() {
                        let batch = holding.batch(&ask, rows.len());
                        inbox.put(rows.into_iter().filter_map(|row| {
                            let hold = holding.hold(row.fence(registration.worker), &batch)?;
                            Some(Claimed::new(
                                row,
                                hold,
                                registration.clone(),
                                self.acks.clone(),
                                slots.take(),
                            ))
                        }));
                    }
                    next
                }
                Err(error) => {
                    if !failing {
                        warn!(%error, %queue, "couldn't claim jobs; will keep trying");
                    }
                    failing = true;
                    self.lease.doubt();
                    Next::Later(RETRY)
                }
            };
            match next {
                Next::AtOnce => {}
                Next::WhenRung => drop(stop.run_until_cancelled(self.bells.rung(queue)).await),
                Next::WhenResumed => {
                    inbox.hand_back();
                    let _ = stop.run_until_cancelled(self.bells.rung(queue)).await;
                }
                Next::Later(wait) => {
                    let rung = tokio::time::timeout(wait, self.bells.rung(queue));
                    let _ = stop.run_until_cancelled(rung).await;
                }
            }
        }
        inbox.hand_back();
    }
}
