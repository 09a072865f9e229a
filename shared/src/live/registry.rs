//! Which topics any process watches, so that workers rebuild only what somebody looks at.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::debug;

use super::fan_out::FanOut;
use super::topic::Topic;
use crate::ids::PhotoId;
use crate::redis::{Patience, Redis};

/// How long a topic counts as watched after it was last written, in seconds.
const LIFETIME: i64 = 30;

/// How often all topics of a process are written.
const RENEWAL: Duration = Duration::from_secs(10);

/// How long to collect new topics, so that many new streams take one command.
const COLLECTING: Duration = Duration::from_millis(10);

/// The most topics of one command.
const CHUNK: usize = 1000;

/// Whether each of the topics has a stream in any process, or had one within the last half minute.
///
/// # Errors
/// If Redis is unreachable.
pub async fn watched(redis: &Redis, topics: &[Topic]) -> redis::RedisResult<Vec<bool>> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = redis::cmd("ZMSCORE");
    command.arg(redis.key("watched"));
    for topic in topics {
        command.arg(topic.to_string());
    }
    let expiries: Vec<Option<f64>> = redis
        .caches()
        .run(Patience::Job, |mut connection| async move { command.query_async(&mut connection).await })
        .await?;
    let now = seconds(Utc::now().timestamp());
    Ok(expiries.into_iter().map(|expiry| expiry.is_some_and(|expiry| expiry > now)).collect())
}

/// The photos whose pages have a stream in any process, or had one within the last half minute.
///
/// # Errors
/// If Redis is unreachable.
pub async fn watched_photos(redis: &Redis) -> redis::RedisResult<HashSet<PhotoId>> {
    let mut command = redis::cmd("ZRANGEBYSCORE");
    command.arg(redis.key("watched")).arg(format!("({}", Utc::now().timestamp())).arg("+inf");
    let topics: Vec<String> = redis
        .caches()
        .run(Patience::Job, |mut connection| async move { command.query_async(&mut connection).await })
        .await?;
    let photo = |topic: &String| match topic.parse() {
        Ok(Topic::Photo(photo)) => Some(photo),
        _ => None,
    };
    Ok(topics.iter().filter_map(photo).collect())
}

/// Keeps the topics of this process registered.
pub(super) async fn keep(redis: Redis, fan_out: Arc<FanOut>) {
    let mut renewals = interval(RENEWAL);
    renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let all = tokio::select! {
            _ = renewals.tick() => true,
            () = fan_out.unregistered.notified() => false,
        };
        if !all {
            sleep(COLLECTING).await;
        }
        let topics = fan_out.to_register(all);
        for chunk in topics.chunks(CHUNK) {
            match write(&redis, chunk).await {
                Ok(()) => fan_out.registered(chunk),
                Err(error) => debug!(%error, "couldn't register what is watched; will try again"),
            }
        }
        fan_out.rounds.send_modify(|rounds| *rounds += 1);
    }
}

async fn write(redis: &Redis, topics: &[Topic]) -> redis::RedisResult<()> {
    let now = Utc::now().timestamp();
    let (key, expiry) = (redis.key("watched"), now + LIFETIME);
    let members: Vec<_> = topics.iter().map(|topic| (expiry, topic.to_string())).collect();
    let mut pipe = redis::pipe();
    pipe.zadd_multiple(&key, &members).ignore();
    pipe.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(now).ignore();
    redis
        .caches()
        .run(Patience::Job, |mut connection| async move { pipe.exec_async(&mut connection).await })
        .await
}

#[expect(clippy::cast_precision_loss, reason = "a time in seconds is far below 2^53")]
fn seconds(time: i64) -> f64 {
    time as f64
}
