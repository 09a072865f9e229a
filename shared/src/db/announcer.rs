//! Saying which queues have work, once that is committed.
//!
//! A NOTIFY inside of a transaction takes a lock when it commits that all commits of the database wait for: a transaction
//! that also writes to the disk then holds up everybody else's. So a [`Tx`](super::Tx) only remembers what to announce; it
//! is said after the commit, on a connection that does nothing else, and what piles up meanwhile is said at once. What is
//! never said, because the process ended in between, the workers' poll finds.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::debug;

/// The Postgres channel on which queues with new work are announced; the payload is the queue's name.
pub(crate) const CHANNEL: &str = "pawdium_jobs";

/// What is said at once at the most.
const BATCH: usize = 1024;

/// A connection that doesn't answer for so long is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection on which nothing was said for so long is closed.
const IDLE: Duration = Duration::from_mins(1);

/// Announces queues; a clone speaks on the same connection.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    options: Arc<PgConnectOptions>,
    /// Started with the first announcement. The task ends with the last clone.
    speaking: Arc<OnceLock<UnboundedSender<&'static str>>>,
}

impl Announcer {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        // That a queue has work need not be on the disk.
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self { options: Arc::new(options), speaking: Arc::default() }
    }

    /// Announces a queue soon. Must be called inside of a runtime.
    pub(super) fn announce(&self, queue: &'static str) {
        let speaking = self.speaking.get_or_init(|| {
            let (speaking, queues) = unbounded_channel();
            tokio::spawn(speak(Arc::clone(&self.options), queues));
            speaking
        });
        // The task ends when nobody can speak any more, or with its runtime.
        let _ = speaking.send(queue);
    }
}

async fn speak(options: Arc<PgConnectOptions>, mut queues: UnboundedReceiver<&'static str>) {
    let mut connection: Option<PgConnection> = None;
    let mut heard = Vec::with_capacity(BATCH);
    loop {
        heard.clear();
        match tokio::time::timeout(IDLE, queues.recv_many(&mut heard, BATCH)).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) => {
                connection = None;
                continue;
            }
        }
        let named: Vec<String> =
            heard.iter().copied().collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
        let saying = say(&options, connection.take(), &named);
        match tokio::time::timeout(PATIENCE, saying).await {
            Ok(Ok(said_on)) => connection = Some(said_on),
            Ok(Err(error)) => debug!(%error, "couldn't announce queues; the poll finds their jobs"),
            Err(_) => debug!("announcing queues took too long; the poll finds their jobs"),
        }
    }
}

async fn say(
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
