//! The task that writes how claims ended: in batches, and again until it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{info, warn};

use super::holding::Hold;
use super::settle::{Outcome, Settlements};

/// How many settlements one statement takes at most.
const BATCH: usize = 500;

/// While so many outcomes wait to be written, nothing is claimed: work would pile up here that a crash undoes. At the pace
/// of jobs that take no time it is a quarter of a second.
const MAX_UNWRITTEN: usize = 20_000;

/// How long one statement may take before its connection is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// The end of one claim.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    /// The job, which is held until this is written.
    pub(super) hold: Arc<Hold>,
    pub(super) outcome: Outcome,
}

enum Message {
    Settle(Settlement),
    Flush(oneshot::Sender<()>),
}

/// Hands settlements to the task that writes them.
#[derive(Clone, Debug)]
pub(super) struct Acks {
    send: mpsc::UnboundedSender<Message>,
    unwritten: Arc<Unwritten>,
}

#[derive(Debug, Default)]
struct Unwritten {
    count: AtomicUsize,
    fewer: Notify,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settle(settlement) => settlement.fmt(f),
            Self::Flush(_) => f.write_str("Flush"),
        }
    }
}

impl Acks {
    /// Starts the writing task. The channel has no bound, so that no handler waits for it: whoever claims waits until it
    /// has [`caught_up`](Self::caught_up).
    pub(super) fn start(db: PgPool) -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        let unwritten = Arc::<Unwritten>::default();
        tokio::spawn(write_settlements(db, receive, Arc::clone(&unwritten)));
        Self { send, unwritten }
    }

    /// Queues the end of a claim for writing.
    pub(super) fn settle(&self, settlement: Settlement) {
        self.unwritten.count.fetch_add(1, Ordering::Relaxed);
        // The receiver lives until every sender is gone.
        let _ = self.send.send(Message::Settle(settlement));
    }

    /// Waits until few enough outcomes are unwritten to claim more work.
    pub(super) async fn caught_up(&self) {
        loop {
            let fewer = self.unwritten.fewer.notified();
            tokio::pin!(fewer);
            // From here on no notification is missed.
            fewer.as_mut().enable();
            if self.unwritten.count.load(Ordering::Relaxed) < MAX_UNWRITTEN {
                return;
            }
            fewer.await;
        }
    }

    /// Waits until everything that was queued before is written.
    pub(super) async fn flush(&self) {
        let (send, receive) = oneshot::channel();
        let _ = self.send.send(Message::Flush(send));
        let _ = receive.await;
    }
}

/// Writes settlements in batches, and keeps trying while the database is away: finished work is acked when it is back.
async fn write_settlements(
    db: PgPool,
    mut receive: mpsc::UnboundedReceiver<Message>,
    unwritten: Arc<Unwritten>,
) {
    let mut inbox = Vec::with_capacity(BATCH);
    while receive.recv_many(&mut inbox, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(inbox.len());
        let mut flushed = Vec::new();
        for message in inbox.drain(..) {
            match message {
                Message::Settle(settlement) => batch.push(settlement),
                Message::Flush(done) => flushed.push(done),
            }
        }
        write_until_it_holds(&db, &batch).await;
        unwritten.count.fetch_sub(batch.len(), Ordering::Relaxed);
        unwritten.fewer.notify_waiters();
        for done in flushed {
            let _ = done.send(());
        }
    }
}

async fn write_until_it_holds(db: &PgPool, batch: &[Settlement]) {
    let mut wait = Duration::from_millis(50);
    let mut failed = false;
    while let Err(error) = write_in_time(db, batch).await {
        if !failed {
            warn!(%error, jobs = batch.len(), "couldn't write the outcome of jobs; will keep trying");
        }
        failed = true;
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(2));
    }
    if failed {
        info!(jobs = batch.len(), "wrote the outcome of jobs after the database came back");
    }
}

/// A connection that hangs is as good as none; what it may have written anyway is not written twice.
async fn write_in_time(db: &PgPool, batch: &[Settlement]) -> sqlx::Result<()> {
    tokio::time::timeout(PATIENCE, write(db, batch)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn write(db: &PgPool, batch: &[Settlement]) -> sqlx::Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut settlements = Settlements::default();
    // In the order in which a bulk cancellation locks jobs, so that the two don't wait for each other in a circle.
    let mut batch: Vec<_> = batch.iter().collect();
    batch.sort_unstable_by_key(|settlement| settlement.hold.fence.job);
    for Settlement { hold, outcome } in &batch {
        settlements.push(hold.fence, outcome);
    }
    let counted = settlements.write(&mut *db.acquire().await?).await?;
    if usize::try_from(counted) == Ok(batch.len()) {
        for settlement in batch {
            settlement.hold.confirm();
        }
    }
    Ok(())
}
