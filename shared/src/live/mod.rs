//! Tells open pages of changes, through one Redis stream that every web process reads.
//!
//! A process hands each change to the streams that watch its topic (`fan_out.rs`) and remembers the
//! recent ones (`recent.rs`), so that a page that reconnects is told exactly what it missed, or to look
//! at everything. What is watched stands in Redis, for the workers ([`watched`]).

mod fan_out;
mod listen;
mod mailbox;
mod recent;
mod registry;
mod topic;

use std::sync::Arc;

use redis::streams::StreamMaxlen;

pub use fan_out::Subscription;
pub use mailbox::News;
pub use recent::Position;
pub use registry::{watched, watched_photos};
pub use topic::{Note, Topic, Unknown};

use crate::cache::Keeper;
use crate::redis::{Patience, Redis};
use fan_out::FanOut;
use recent::REMEMBERED;

/// How much of the stream Redis keeps.
pub(crate) const REMEMBERED_APPROXIMATELY: StreamMaxlen = StreamMaxlen::Approx(REMEMBERED);

/// Publishes what has happened to topics.
///
/// # Errors
/// If Redis is unreachable.
pub async fn publish(redis: &Redis, changes: &[(Topic, Note)]) -> redis::RedisResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    for (topic, note) in changes {
        pipe.xadd_maxlen(stream_key(redis), REMEMBERED_APPROXIMATELY, "*", &entry(*topic, *note)).ignore();
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
pub(crate) fn entry(topic: Topic, note: Note) -> [(&'static str, String); 2] {
    [("topic", topic.to_string()), ("note", note.to_string())]
}

/// This process's knowledge of changes. Clones share it.
#[derive(Clone, Debug)]
pub struct Changes(Arc<FanOut>);

impl Changes {
    /// Starts listening. Keeps trying while Redis is away.
    #[must_use]
    pub fn start(redis: Redis) -> Self {
        let changes = Self(Arc::default());
        tokio::spawn(listen::listen(redis.clone(), Arc::clone(&changes.0)));
        tokio::spawn(registry::keep(redis, Arc::clone(&changes.0)));
        changes
    }

    /// From now on, this keeper is told which cached data has gone stale in any process.
    pub fn tell_keeper(&self, keeper: Arc<dyn Keeper>) {
        self.0.told.set(keeper);
    }

    /// Subscribes to what happens to these topics, and to what has happened since `last`, up to which the client has
    /// seen everything. If this process can't tell that, the first news is a reset.
    pub async fn subscribe(&self, topics: &[Topic], last: Option<Position>) -> Subscription {
        Subscription::start(&self.0, topics, last).await
    }

    /// Tells the streams of this process, for changes that it notices by itself.
    pub fn tell(&self, topic: Topic, note: Note) {
        self.0.tell_locally(topic, note);
    }

    /// The topics that have a stream in this process.
    #[must_use]
    pub fn watched(&self) -> Vec<Topic> {
        self.0.watched()
    }

    /// The number of streams of a topic in this process.
    #[must_use]
    pub fn audience(&self, topic: Topic) -> usize {
        self.0.audience(topic)
    }
}
