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

/// How much later an announcement for a given time may be, so that those of about the same time are one.
const LATE: Duration = Duration::from_millis(20);

/// Announces queues. A clone uses the same connection.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    options: Arc<PgConnectOptions>,
    /// The channel to the task, which starts with the first announcement and ends with the last clone.
    task: Arc<OnceLock<UnboundedSender<Asked>>>,
}

/// A queue, and when to announce it.
type Asked = (Cow<'static, str>, When);

/// When to announce a queue.
#[derive(Clone, Copy, Debug)]
enum When {
    /// At once, unless it was announced less than `linger` ago. Then as soon as that has passed.
    Soon { asked: Instant, linger: Duration },
    /// At this time.
    At(Instant),
}

impl Announcer {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        // A notification need not wait for the disk.
        let options = options.clone().options([("synchronous_commit", "off")]);
        Self { options: Arc::new(options), task: Arc::default() }
    }

    /// Announces a queue at once, or `linger` after its last announcement. Must be called inside a runtime.
    pub(super) fn announce(&self, queue: Cow<'static, str>, linger: Duration) {
        self.send(queue, When::Soon { asked: Instant::now(), linger });
    }

    /// Announces a queue after `delay`. Must be called inside a runtime.
    pub(super) fn announce_after(&self, queue: Cow<'static, str>, delay: Duration) {
        self.send(queue, When::At(Instant::now() + delay));
    }

    fn send(&self, queue: Cow<'static, str>, when: When) {
        let task = self.task.get_or_init(|| {
            let (send, queues) = unbounded_channel();
            tokio::spawn(announce_due(Arc::clone(&self.options), queues));
            send
        });
        // The task has ended if its runtime has.
        let _ = task.send((queue, when));
    }
}

/// An announcement is sent in this time.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: Instant,
    until: Instant,
}

/// The announcements to send. One counts for all of the queue whose windows it is in.
#[derive(Debug, Default)]
struct Plan {
    windows: BTreeMap<Cow<'static, str>, Vec<Window>>,
    /// When each queue was last announced.
    sent: BTreeMap<Cow<'static, str>, Instant>,
}

impl Plan {
    fn add(&mut self, queue: Cow<'static, str>, when: When) {
        let window = match when {
            When::Soon { asked, linger } => {
                let until = self.sent.get(&queue).map_or(asked, |sent| asked.max(*sent + linger));
                Window { from: asked, until }
            }
            When::At(at) => Window { from: at, until: at + LATE },
        };
        let windows = self.windows.entry(queue).or_default();
        let shared = windows.iter_mut().find(|one| one.from <= window.until && window.from <= one.until);
        match shared {
            Some(one) => {
                *one = Window { from: one.from.max(window.from), until: one.until.min(window.until) };
            }
            None => windows.push(window),
        }
    }

    fn next(&self) -> Option<Instant> {
        self.windows.values().flatten().map(|window| window.until).min()
    }

    /// Takes the queues to announce now; with `hurry`, all that may be announced now.
    fn take_due(&mut self, now: Instant, hurry: bool) -> Vec<String> {
        let mut due = Vec::new();
        for (queue, windows) in &mut self.windows {
            if windows.iter().any(|window| window.until <= now || (hurry && window.from <= now)) {
                windows.retain(|window| window.from > now);
                due.push(queue.to_string());
                self.sent.insert(queue.clone(), now);
            }
        }
        self.windows.retain(|_, windows| !windows.is_empty());
        due
    }
}

async fn announce_due(options: Arc<PgConnectOptions>, mut queues: UnboundedReceiver<Asked>) {
    let mut connection: Option<PgConnection> = None;
    let mut received = Vec::with_capacity(BATCH);
    let mut plan = Plan::default();
    let mut ends = false;
    while !ends || plan.next().is_some() {
        let wait = plan.next().map_or(IDLE, |next| next.duration_since(Instant::now()));
        if ends {
            tokio::time::sleep(wait).await;
        } else {
            match tokio::time::timeout(wait, queues.recv_many(&mut received, BATCH)).await {
                Ok(0) => ends = true,
                Err(_) if plan.next().is_none() => connection = None,
                Ok(_) | Err(_) => {}
            }
        }
        for (queue, when) in received.drain(..) {
            plan.add(queue, when);
        }
        let due = plan.take_due(Instant::now(), ends);
        if due.is_empty() {
            continue;
        }
        let notifying = notify(&options, connection.take(), &due);
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

    const LINGER: Duration = Duration::from_millis(50);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_announcement_is_sent_at_once_and_the_next_ones_are_combined() {
        let begin = Instant::now();
        let mut plan = Plan::default();
        let soon = |millis| When::Soon { asked: begin + ms(millis), linger: LINGER };
        plan.add("cache".into(), soon(0));
        assert_eq!(plan.take_due(begin + ms(1), false), ["cache"]);
        for millis in 2..40 {
            plan.add("cache".into(), soon(millis));
            assert_eq!(plan.take_due(begin + ms(millis), false), [""; 0]);
        }
        assert_eq!(plan.next(), Some(begin + ms(1) + LINGER));
        assert_eq!(plan.take_due(begin + ms(51), false), ["cache"]);
        assert_eq!(plan.next(), None);
        plan.add("cache".into(), soon(200));
        plan.add("mail".into(), soon(200));
        assert_eq!(plan.take_due(begin + ms(200), false), ["cache", "mail"], "neither was announced lately");
    }

    #[test]
    fn what_may_not_linger_takes_along_what_may() {
        let begin = Instant::now();
        let mut plan = Plan::default();
        let soon = |millis, linger| When::Soon { asked: begin + ms(millis), linger };
        plan.add("cache".into(), soon(0, LINGER));
        assert_eq!(plan.take_due(begin, false).len(), 1);
        plan.add("cache".into(), soon(10, LINGER));
        plan.add("cache".into(), soon(20, Duration::ZERO));
        assert_eq!(plan.take_due(begin + ms(20), false), ["cache"]);
        assert_eq!(plan.next(), None);
    }

    #[test]
    fn announcements_for_a_later_time_are_never_early_and_hardly_late() {
        let begin = Instant::now();
        let mut plan = Plan::default();
        let mut sent = Vec::new();
        for millis in 0..1000 {
            let now = begin + ms(millis);
            if millis < 500 {
                plan.add("cache".into(), When::At(now + ms(250)));
            }
            sent.extend(plan.take_due(now, false).into_iter().map(|_| millis));
        }
        for due in 250..750 {
            let next = sent.iter().find(|sent| **sent >= due);
            assert!(next.is_some_and(|sent| sent - due <= 20), "{due} in {sent:?}");
        }
        assert!(sent.len() <= 500 / 20 + 1, "{sent:?}");
        assert_eq!(plan.next(), None);
    }

    #[sqlx::test(migrations = false)]
    async fn announcements_are_notifications_that_listeners_get(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        let announcer = Announcer::new(&db.connect_options());
        let begin = Instant::now();
        let linger = ms(400);
        announcer.announce("slow".into(), linger);
        assert_eq!(listener.recv().await.expect("a notification").payload(), "slow");
        for _ in 0..20 {
            announcer.announce("slow".into(), linger);
        }
        announcer.announce("fast".into(), Duration::ZERO);
        announcer.announce_after("later".into(), linger * 3);
        let mut received = Vec::new();
        while received.len() < 3 {
            let notification = listener.recv().await.expect("a notification");
            received.push(notification.payload().to_owned());
        }
        assert_eq!(received, ["fast", "slow", "later"]);
        assert!(begin.elapsed() >= linger * 3);
    }

    #[sqlx::test(migrations = false)]
    async fn what_is_left_at_the_end_is_announced(db: PgPool) {
        let mut listener = PgListener::connect_with(&db).await.expect("a connection");
        listener.listen(CHANNEL).await.expect("it listens");
        let (begin, delay) = (Instant::now(), ms(400));
        let announcer = Announcer::new(&db.connect_options());
        announcer.announce("slow".into(), Duration::from_mins(1));
        assert_eq!(listener.recv().await.expect("a notification").payload(), "slow");
        announcer.announce("slow".into(), Duration::from_mins(1));
        announcer.announce_after("later".into(), delay);
        drop(announcer);
        for expected in ["slow", "later"] {
            let received = tokio::time::timeout(Duration::from_secs(20), listener.recv()).await;
            assert_eq!(received.expect("in time").expect("a notification").payload(), expected);
        }
        assert!(begin.elapsed() >= delay, "nothing is announced before its time");
    }
}
