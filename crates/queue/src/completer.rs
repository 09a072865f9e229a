//! The task that writes outcomes, in batches, until the database has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{info, warn};

use super::in_flight::Tracked;
use super::settle::{Outcome, Settlements};

/// The most outcomes in one statement.
const BATCH: usize = 500;

/// The process claims nothing while this many outcomes are unwritten, because a crash would undo that work. Jobs that
/// take no time produce them in a quarter of a second.
const MAX_UNWRITTEN: usize = 20_000;

/// How long one statement may take before its connection is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// A job whose run has ended.
#[derive(Clone, Debug)]
pub(super) struct Completion {
    /// The job stays in flight until its outcome is written.
    pub(super) job: Arc<Tracked>,
    pub(super) outcome: Outcome,
}

enum Message {
    Complete(Completion),
    Flush(oneshot::Sender<()>),
}

/// Passes outcomes to the writing task. A clone passes them to the same task.
#[derive(Clone, Debug)]
pub(super) struct Completer {
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
            Self::Complete(completion) => completion.fmt(f),
            Self::Flush(_) => f.write_str("Flush"),
        }
    }
}

impl Completer {
    /// Starts the writing task. The channel is unbounded, so that no handler waits for it. Claiming waits instead, with
    /// [`caught_up`](Self::caught_up).
    pub(super) fn start(db: PgPool) -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        let unwritten = Arc::<Unwritten>::default();
        tokio::spawn(write_completions(db, receive, Arc::clone(&unwritten)));
        Self { send, unwritten }
    }

    /// Queues an outcome for writing.
    pub(super) fn complete(&self, completion: Completion) {
        self.unwritten.count.fetch_add(1, Ordering::Relaxed);
        // The receiver lives until every sender is gone.
        let _ = self.send.send(Message::Complete(completion));
    }

    /// Waits until fewer than [`MAX_UNWRITTEN`] outcomes are unwritten.
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

    /// Waits until all outcomes that were queued before this call are written.
    pub(super) async fn flush(&self) {
        let (send, receive) = oneshot::channel();
        let _ = self.send.send(Message::Flush(send));
        let _ = receive.await;
    }
}

async fn write_completions(
    db: PgPool,
    mut receive: mpsc::UnboundedReceiver<Message>,
    unwritten: Arc<Unwritten>,
) {
    let mut messages = Vec::with_capacity(BATCH);
    while receive.recv_many(&mut messages, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(messages.len());
        let mut flushed = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Complete(completion) => batch.push(completion),
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

/// Writes a batch, and tries again while the database is away.
async fn write_until_it_holds(db: &PgPool, batch: &[Completion]) {
    let mut wait = Duration::from_millis(50);
    let mut failed = false;
    while let Err(error) = write_in_time(db, batch).await {
        if !failed {
            warn!(%error, jobs = batch.len(), "failed to write the outcomes of jobs; trying again until it succeeds");
        }
        failed = true;
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(2));
    }
    if failed {
        info!(jobs = batch.len(), "wrote the outcomes of jobs after the database came back");
    }
}

/// Gives up a connection that hangs. If the statement succeeded all the same, the next attempt changes nothing.
async fn write_in_time(db: &PgPool, batch: &[Completion]) -> sqlx::Result<()> {
    tokio::time::timeout(PATIENCE, write(db, batch)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn write(db: &PgPool, batch: &[Completion]) -> sqlx::Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut settlements = Settlements::default();
    // A bulk cancellation locks jobs in the order of their ids. The same order here prevents a deadlock with it.
    let mut batch: Vec<_> = batch.iter().collect();
    batch.sort_unstable_by_key(|completion| completion.job.fence.job);
    for Completion { job, outcome } in &batch {
        settlements.push(job.fence, outcome);
    }
    let counted = settlements.write(&mut *db.acquire().await?).await?;
    if usize::try_from(counted) == Ok(batch.len()) {
        for completion in batch {
            completion.job.confirm();
        }
    }
    Ok(())
}
