//! Announces queues that have work, after the commit.
//!
//! A transaction with a NOTIFY takes a lock when it commits, and all commits of the database wait for this lock until the
//! transaction is on disk. So a [`Tx`](super::Tx) only collects the queues. They are announced after the commit, on a
//! connection of their own, many at once. If the process ends before that, the workers' poll finds the jobs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tracing::debug;

/// The Postgres channel on which queues with new work are announced; the payload is the queue's name.
pub const CHANNEL: &str = "pawdium_jobs";

/// The most announcements that one statement takes.
const BATCH: usize = 1024;

/// How long a statement may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may be idle before it is closed.
const IDLE: Duration = Duration::from_mins(1);

/// Announces queues. A clone uses the same connection.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    options: Arc<PgConnectOptions>,
    /// The channel to the task, which starts with the first announcement and ends with the last clone.
    task: Arc<OnceLock<UnboundedSender<Due>>>,
}

/// A queue, and when to announce it.
type Due = (Cow<'static, str>, Instant);

impl Announcer {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        // A notification need not wait for the disk.
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self { options: Arc::new(options), task: Arc::default() }
    }

    /// Announces a queue after `linger`, or earlier if another call asks for it. Must be called inside a runtime.
    pub(super) fn announce(&self, queue: Cow<'static, str>, linger: Duration) {
        let task = self.task.get_or_init(|| {
            let (send, queues) = unbounded_channel();
            tokio::spawn(announce_due(Arc::clone(&self.options), queues));
            send
        });
        // The task has ended if its runtime has.
        let _ = task.send((queue, Instant::now() + linger));
    }
}

async fn announce_due(options: Arc<PgConnectOptions>, mut queues: UnboundedReceiver<Due>) {
    let mut connection: Option<PgConnection> = None;
    let mut received = Vec::with_capacity(BATCH);
    let mut due: BTreeMap<Cow<'static, str>, Instant> = BTreeMap::new();
    let mut ends = false;
    while !ends {
        let wait = due.values().min().map_or(IDLE, |next| next.duration_since(Instant::now()));
        match tokio::time::timeout(wait, queues.recv_many(&mut received, BATCH)).await {
            Ok(0) => ends = true,
            Err(_) if due.is_empty() => connection = None,
            Ok(_) | Err(_) => {}
        }
        for (queue, at) in received.drain(..) {
            due.entry(queue).and_modify(|before| *before = at.min(*before)).or_insert(at);
        }
        let now = Instant::now();
        let now_due: Vec<_> =
            due.iter().filter(|(_, at)| ends || **at <= now).map(|(queue, _)| queue.to_string()).collect();
        due.retain(|_, at| *at > now);
        if now_due.is_empty() {
            continue;
        }
        let notifying = notify(&options, connection.take(), &now_due);
        match tokio::time::timeout(PATIENCE, notifying).await {
            Ok(Ok(used)) => connection = Some(used),
            Ok(Err(error)) => debug!(%error, "failed to announce queues; the poll will find their jobs"),
            Err(_) => debug!("announcing queues took too long; the poll will find their jobs"),
        }
    }
}

async fn notify(
    options: &PgConnectOptions,
    connection: Option<PgConnection>,
    queues: &[String],
) -> sqlx::Result<PgConnection> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => PgConnection::connect_with(options).await?,
    };
    sqlx::query!("select pg_notify($1, queue) from unnest($2::text[]) as queue", CHANNEL, queues)
        .fetch_all(&mut connection)
        .await?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;
    use sqlx::postgres::PgListener;

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn delayed_announcements_are_combined_with_later_ones(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        let announcer = Announcer::new(&db.connect_options());
        let begin = Instant::now();
        let linger = Duration::from_millis(400);
        for _ in 0..20 {
            announcer.announce("slow".into(), linger);
        }
        announcer.announce("fast".into(), Duration::ZERO);
        let mut received = Vec::new();
        while received.len() < 2 {
            let notification = listener.recv().await.expect("a notification");
            received.push(notification.payload().to_owned());
        }
        assert_eq!(received, ["fast", "slow"]);
        assert!(begin.elapsed() >= linger);
        announcer.announce("slow".into(), Duration::from_mins(1));
        announcer.announce("slow".into(), Duration::ZERO);
        let received = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
        assert_eq!(received.expect("in time").expect("a notification").payload(), "slow");
    }

    #[sqlx::test(migrations = false)]
    async fn delayed_announcements_are_sent_before_the_end(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        Announcer::new(&db.connect_options()).announce("slow".into(), Duration::from_mins(1));
        let received = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
        assert_eq!(received.expect("in time").expect("a notification").payload(), "slow");
    }
}
