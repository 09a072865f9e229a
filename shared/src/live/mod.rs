//! Notifies open pages of changes, through one Redis stream that every web process reads.

mod recent;
mod topic;

pub use topic::{Note, Topic};

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use tokio::sync::broadcast;
use tracing::debug;

use crate::redis::{Patience, Redis};
use recent::Recent;

/// How many changes the stream keeps, for web processes that lose their connection.
const REMEMBERED: usize = 10_000;

/// The id before the first entry.
const EMPTY: &str = "0-0";

/// How many changes a slow page may lag behind before it has to reload.
const LAG: usize = 1024;

/// Publishes that topics have changed.
///
/// # Errors
/// If Redis is unreachable.
pub async fn publish(redis: &Redis, topics: &[(Topic, Note)]) -> redis::RedisResult<()> {
    if topics.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    for (topic, note) in topics {
        pipe.xadd_maxlen(stream_key(redis), StreamMaxlen::Approx(REMEMBERED), "*", &entry(topic, note)).ignore();
    }
    redis
        .caches()
        .run(Patience::Job, |mut connection| async move { pipe.exec_async(&mut connection).await })
        .await
}

/// The key of the stream.
pub(crate) fn stream_key(redis: &Redis) -> String {
    redis.key("live")
}

/// The fields of an entry of the stream.
pub(crate) fn entry(topic: &Topic, note: &Note) -> Vec<(&'static str, String)> {
    let mut fields = vec![("topic", topic.0.clone())];
    if let Note::Widget { id, version } = note {
        fields.extend([("widget", id.to_string()), ("version", version.to_string())]);
    }
    fields
}

/// Which of these topics an open page shows.
///
/// # Errors
/// If Redis is unreachable.
pub async fn watched(redis: &Redis, topics: &[Topic]) -> redis::RedisResult<Vec<bool>> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let _ = redis;
    Ok(vec![true; topics.len()])
}

/// A message to open pages.
#[derive(Clone, Debug)]
pub enum Change {
    /// A topic has changed.
    Of {
        /// Its id in the stream, from which a page resumes: `<milliseconds>-<number>`.
        id: String,
        /// The topic.
        topic: Topic,
    },
    /// Part of the stream was lost, so anything may have changed.
    Unknown,
}

/// This process's subscription to the stream.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: broadcast::Sender<Change>,
    recent: Arc<Mutex<Recent>>,
}

impl Changes {
    /// Starts listening. Keeps trying while Redis is away.
    #[must_use]
    pub fn start(redis: Redis) -> Self {
        let (sender, _) = broadcast::channel(LAG);
        let changes = Self { sender, recent: Arc::default() };
        tokio::spawn(listen(redis, changes.clone()));
        changes
    }

    /// Subscribes to changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Whether `topic` has changed since `last`, the last id that a page has seen. Also true if this process can't
    /// tell. Subscribe first, so that no change falls between.
    #[must_use]
    pub fn has_changed_since(&self, topic: &Topic, last: &str) -> bool {
        self.with_recent(|recent| recent.has_changed_since(topic, last))
    }

    fn with_recent<T>(&self, act: impl FnOnce(&mut Recent) -> T) -> T {
        act(&mut self.recent.lock())
    }

    fn tell(&self, id: &str, topic: Topic) {
        self.with_recent(|recent| recent.push(id, topic.clone()));
        // A failed send means that no page is listening.
        let _ = self.sender.send(Change::Of { id: id.to_owned(), topic });
    }
}

async fn listen(redis: Redis, changes: Changes) {
    let mut last = None;
    loop {
        if let Err(error) = read(&redis, &changes, &mut last).await {
            debug!(%error, "lost the stream of changes; will keep trying");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn read(redis: &Redis, changes: &Changes, last: &mut Option<String>) -> redis::RedisResult<()> {
    let mut connection = redis.dedicated().await?;
    let options = StreamReadOptions::default().block(5000).count(500);
    let keys = [redis.key("live")];
    let mut after = in_time(resume(&mut connection, &keys[0], changes, last.as_deref())).await?;
    loop {
        *last = Some(after.clone());
        let position = [after.as_str()];
        let read = connection.xread_options(&keys, &position, &options);
        let reply: Option<StreamReadReply> = in_time(read).await?;
        for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            if let Some(topic) = topic_of(&entry) {
                changes.tell(&entry.id, topic);
            }
            after = entry.id;
        }
    }
}

/// Returns the id to read from: `last`, or the end of the stream if that is lost or unset. The end must be a concrete
/// id, because `$` would move until the next read.
async fn resume(
    connection: &mut MultiplexedConnection,
    key: &str,
    changes: &Changes,
    last: Option<&str>,
) -> redis::RedisResult<String> {
    if let Some(last) = last {
        // A stream that no longer has the last entry was trimmed or lost, so what followed is unknown.
        let kept: StreamRangeReply = connection.xrange_count(key, last, last, 1).await?;
        if last == EMPTY || !kept.ids.is_empty() {
            return Ok(last.to_owned());
        }
    }
    let end: StreamRangeReply = connection.xrevrange_count(key, "+", "-", 1).await?;
    let end = end.ids.into_iter().next().map_or_else(|| EMPTY.to_owned(), |entry| entry.id);
    changes.with_recent(|recent| recent.begin_after(&end));
    if last.is_some() {
        let _ = changes.sender.send(Change::Unknown);
    }
    Ok(end)
}

/// A half-open connection never answers, not even with an empty reply.
async fn in_time<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> redis::RedisResult<T> {
    tokio::time::timeout(Duration::from_secs(10), answer)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}

fn topic_of(entry: &StreamId) -> Option<Topic> {
    entry.get("topic").map(Topic)
}
