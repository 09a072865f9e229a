//! Saying which queues have work, once that is committed.
//!
//! A NOTIFY inside of a transaction takes a lock when it commits that all commits of the database wait for: a transaction
//! that also writes to the disk then holds up everybody else's. So a [`Tx`](super::Tx) only remembers what to announce; it
//! is said after the commit, on a connection that does nothing else, and what piles up meanwhile is said at once. What is
//! never said, because the process ended in between, the workers' poll finds.

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
    speaking: Arc<OnceLock<UnboundedSender<Due>>>,
}

/// A queue, and when it is to be announced.
type Due = (Cow<'static, str>, Instant);

impl Announcer {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        // That a queue has work need not be on the disk.
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self { options: Arc::new(options), speaking: Arc::default() }
    }

    /// Announces a queue after `linger`, or earlier where somebody else wants it. Must be called inside of a runtime.
    pub(super) fn announce(&self, queue: Cow<'static, str>, linger: Duration) {
        let speaking = self.speaking.get_or_init(|| {
            let (speaking, queues) = unbounded_channel();
            tokio::spawn(speak(Arc::clone(&self.options), queues));
            speaking
        });
        // The task ends when nobody can speak any more, or with its runtime.
        let _ = speaking.send((queue, Instant::now() + linger));
    }
}

async fn speak(options: Arc<PgConnectOptions>, mut queues: UnboundedReceiver<Due>) {
    let mut connection: Option<PgConnection> = None;
    let mut heard = Vec::with_capacity(BATCH);
    let mut due: BTreeMap<Cow<'static, str>, Instant> = BTreeMap::new();
    let mut ends = false;
    while !ends {
        let wait = due.values().min().map_or(IDLE, |next| next.duration_since(Instant::now()));
        match tokio::time::timeout(wait, queues.recv_many(&mut heard, BATCH)).await {
            Ok(0) => ends = true,
            Err(_) if due.is_empty() => connection = None,
            Ok(_) | Err(_) => {}
        }
        for (queue, at) in heard.drain(..) {
            due.entry(queue).and_modify(|before| *before = at.min(*before)).or_insert(at);
        }
        let now = Instant::now();
        let named: Vec<_> =
            due.iter().filter(|(_, at)| ends || **at <= now).map(|(queue, _)| queue.to_string()).collect();
        due.retain(|_, at| *at > now);
        if named.is_empty() {
            continue;
        }
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

#[cfg(test)]
mod tests {
    use sqlx::PgPool;
    use sqlx::postgres::PgListener;

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn what_can_wait_is_announced_with_what_comes_meanwhile(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        let announcer = Announcer::new(&db.connect_options());
        let begin = Instant::now();
        let linger = Duration::from_millis(400);
        for _ in 0..20 {
            announcer.announce("slow".into(), linger);
        }
        announcer.announce("fast".into(), Duration::ZERO);
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let notification = listener.recv().await.expect("a notification");
            heard.push(notification.payload().to_owned());
        }
        assert_eq!(heard, ["fast", "slow"]);
        assert!(begin.elapsed() >= linger);
        announcer.announce("slow".into(), Duration::from_mins(1));
        announcer.announce("slow".into(), Duration::ZERO);
        let heard = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
        assert_eq!(heard.expect("in time").expect("a notification").payload(), "slow");
    }

    #[sqlx::test(migrations = false)]
    async fn what_can_wait_is_announced_before_the_end(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        Announcer::new(&db.connect_options()).announce("slow".into(), Duration::from_mins(1));
        let heard = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
        assert_eq!(heard.expect("in time").expect("a notification").payload(), "slow");
    }
}
