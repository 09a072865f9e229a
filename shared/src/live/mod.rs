//! Telling open pages that something they show has changed, through one Redis stream that every web process reads.

use std::time::Duration;

use redis::AsyncCommands as _;
use redis::streams::{StreamId, StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use tokio::sync::broadcast;
use tracing::debug;

use crate::ids::PhotoId;
use crate::redis::Redis;

/// How many changes the stream remembers, for those who reconnect.
const REMEMBERED: usize = 10_000;

/// How many changes a slow page may lag behind before it is told to start over.
const LAG: usize = 1024;

/// What a page can show and subscribe to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// One photo's page.
    #[must_use]
    pub fn photo(photo: PhotoId) -> Self {
        Self(format!("photo:{photo}"))
    }
}

/// Says that topics have changed.
///
/// # Errors
/// When Redis can't be reached.
pub async fn publish(redis: &Redis, topics: &[Topic]) -> redis::RedisResult<()> {
    if topics.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    for topic in topics {
        pipe.xadd_maxlen(redis.key("live"), StreamMaxlen::Approx(REMEMBERED), "*", &[("topic", &topic.0)])
            .ignore();
    }
    pipe.exec_async(&mut redis.connection()).await
}

/// A change, with the id by which a page resumes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The stream's id: `<milliseconds>-<number>`.
    pub id: String,
    /// What changed.
    pub topic: Topic,
}

/// This process's ear on the stream.
#[derive(Clone, Debug)]
pub struct Changes {
    redis: Redis,
    sender: broadcast::Sender<Change>,
}

impl Changes {
    /// Starts listening; while Redis is away it keeps trying.
    #[must_use]
    pub fn start(redis: Redis) -> Self {
        let (sender, _) = broadcast::channel(LAG);
        tokio::spawn(listen(redis.clone(), sender.clone()));
        Self { redis, sender }
    }

    /// Changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Whether `topic` has changed since `last`, the last id that a page has seen. True also when nobody can say.
    pub async fn changed_since(&self, topic: &Topic, last: &str) -> bool {
        // From `last` on and including it: a stream that no longer holds it was trimmed or lost, and can't tell.
        let range: redis::RedisResult<StreamRangeReply> =
            self.redis.connection().xrange(self.redis.key("live"), last, "+").await;
        match range {
            Ok(range) => {
                range.ids.first().is_none_or(|entry| entry.id != last)
                    || range.ids.iter().skip(1).any(|entry| topic_of(entry).as_ref() == Some(topic))
            }
            Err(_) => true,
        }
    }
}

async fn listen(redis: Redis, sender: broadcast::Sender<Change>) {
    let mut last = None;
    loop {
        if let Err(error) = read(&redis, &sender, &mut last).await {
            debug!(%error, "lost the stream of changes; will keep trying");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn read(
    redis: &Redis,
    sender: &broadcast::Sender<Change>,
    last: &mut Option<String>,
) -> redis::RedisResult<()> {
    let mut connection = redis.dedicated().await?;
    let options = StreamReadOptions::default().block(5000).count(500);
    let keys = [redis.key("live")];
    // "The end" must be one place, and not wherever the end is when the next read begins.
    let mut after = if let Some(after) = last.take() {
        after
    } else {
        let end: StreamRangeReply = connection.xrevrange_count(&keys[0], "+", "-", 1).await?;
        end.ids.into_iter().next().map_or_else(|| "0-0".to_owned(), |entry| entry.id)
    };
    loop {
        *last = Some(after.clone());
        let position = [after.as_str()];
        let read = connection.xread_options(&keys, &position, &options);
        // Half-open connections answer nothing at all, not even that nothing came.
        let reply: Option<StreamReadReply> = tokio::time::timeout(Duration::from_secs(10), read)
            .await
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            if let Some(topic) = topic_of(&entry) {
                // Nobody listening is no error.
                let _ = sender.send(Change { id: entry.id.clone(), topic });
            }
            after = entry.id;
        }
    }
}

fn topic_of(entry: &StreamId) -> Option<Topic> {
    entry.get("topic").map(Topic)
}
