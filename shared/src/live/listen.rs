//! Reading the stream, and noticing when part of it is lost.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands as _, ExistenceCheck, SetOptions};
use tokio::time::Instant;
use tracing::debug;

use super::fan_out::FanOut;
use super::recent::{Entry, Position, REMEMBERED, Recent};
use super::topic::{Note, Topic};
use crate::cache::WentStale;
use crate::redis::Redis;

/// How long a read blocks, and how often to check that the server still has the same data.
const BLOCK: Duration = Duration::from_secs(2);

/// The most entries of one read.
const BATCH: usize = 500;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where this process stands.
#[derive(Clone, Debug)]
struct Place {
    /// The id of the last entry that it has read.
    last: String,
    /// Belongs to the server's data. Another one, or none, means that the data was lost.
    mark: String,
}

/// The server's data is not what was read before.
#[derive(Debug)]
struct Lost;

/// Reads the stream as long as the process lives.
pub(super) async fn listen(redis: Redis, fan_out: Arc<FanOut>) {
    let mut place = None;
    loop {
        match read(&redis, &fan_out, &mut place).await {
            Ok(Lost) => debug!("part of the stream of changes was lost; every open page looks again"),
            Err(error) => {
                if let Some(keeper) = fan_out.told.keeper() {
                    keeper.is_cut_off();
                }
                debug!(%error, "lost the connection to the stream of changes; will keep trying");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn read(redis: &Redis, fan_out: &FanOut, place: &mut Option<Place>) -> redis::RedisResult<Lost> {
    let mut connection = redis.dedicated().await?;
    let keys = Keys { stream: redis.key("live"), mark: redis.key("live-mark") };
    let mut at = in_time(keys.resume(&mut connection, fan_out, place.as_ref())).await?;
    let block = usize::try_from(BLOCK.as_millis()).unwrap_or(usize::MAX);
    let options = StreamReadOptions::default().block(block).count(BATCH);
    let mut checked = Instant::now();
    loop {
        *place = Some(at.clone());
        let (stream, last) = ([keys.stream.as_str()], [at.last.as_str()]);
        let reply: Option<StreamReadReply> =
            in_time(connection.xread_options(&stream, &last, &options)).await?;
        let read: Vec<_> = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
        if read.is_empty() || checked.elapsed() >= BLOCK {
            // After a flush, ids go on growing, so what is read doesn't show it.
            if in_time(keys.mark(&mut connection)).await? != Some(at.mark.clone()) {
                return Ok(Lost);
            }
            checked = Instant::now();
        }
        if let Some(newest) = read.last() {
            at.last.clone_from(&newest.id);
        }
        tell_keeper(fan_out, &read);
        fan_out.tell(read.iter().filter_map(entry));
    }
}

/// Tells what keeps pages in memory which groups went stale.
fn tell_keeper(fan_out: &FanOut, read: &[StreamId]) {
    let Some(keeper) = fan_out.told.keeper() else { return };
    for stale in read.iter().filter_map(WentStale::read) {
        keeper.went_stale(&stale);
    }
    // After a full batch there may be more.
    if read.len() < BATCH {
        keeper.is_current();
    }
}

struct Keys {
    stream: String,
    mark: String,
}

impl Keys {
    /// Returns where to go on: after the last entry, or at the end of the stream if what followed is lost or nothing
    /// was read yet.
    async fn resume(
        &self,
        connection: &mut MultiplexedConnection,
        fan_out: &FanOut,
        place: Option<&Place>,
    ) -> redis::RedisResult<Place> {
        let mark = self.mark(connection).await?;
        if let Some(place) = place
            && mark.as_ref() == Some(&place.mark)
        {
            // A stream without its last entry was trimmed, or the server has loaded older data.
            let kept: StreamRangeReply =
                connection.xrange_count(&self.stream, &place.last, &place.last, 1).await?;
            if !kept.ids.is_empty() {
                return Ok(place.clone());
            }
        }
        let mark = match mark {
            Some(mark) => mark,
            None => self.make_mark(connection).await?,
        };
        let (last, recent) = self.load(connection).await?;
        if let Some(keeper) = fan_out.told.keeper() {
            keeper.missed();
        }
        match place {
            Some(_) => fan_out.begin_anew(recent),
            None => fan_out.begin(recent),
        }
        Ok(Place { last, mark })
    }

    /// Reads what the stream still has. Of what came before, nothing is known. So that there is always an entry to go
    /// on from, an empty stream gets one.
    async fn load(&self, connection: &mut MultiplexedConnection) -> redis::RedisResult<(String, Recent)> {
        loop {
            let kept: StreamRangeReply =
                connection.xrevrange_count(&self.stream, "+", "-", REMEMBERED).await?;
            let mut entries = kept.ids.iter().rev();
            let (Some(oldest), Some(newest)) = (entries.next(), kept.ids.first()) else {
                let begin: [(&str, &str); 1] = [("begin", "")];
                let _: String = connection
                    .xadd_maxlen(&self.stream, StreamMaxlen::Approx(REMEMBERED), "*", &begin)
                    .await?;
                continue;
            };
            let mut recent = Recent::after(position(&oldest.id)?);
            entries.filter_map(entry).for_each(|entry| recent.push(entry));
            return Ok((newest.id.clone(), recent));
        }
    }

    async fn mark(&self, connection: &mut MultiplexedConnection) -> redis::RedisResult<Option<String>> {
        connection.get(&self.mark).await
    }

    async fn make_mark(&self, connection: &mut MultiplexedConnection) -> redis::RedisResult<String> {
        let mark = format!("{:016x}", rand::random::<u64>());
        let unless_set = SetOptions::default().conditional_set(ExistenceCheck::NX);
        let _: Option<String> = connection.set_options(&self.mark, &mark, unless_set).await?;
        // Another process may have been first.
        Ok(self.mark(connection).await?.unwrap_or(mark))
    }
}

/// A half-open connection never answers, not even with an empty reply.
async fn in_time<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> redis::RedisResult<T> {
    tokio::time::timeout(PATIENCE, answer)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}

fn position(id: &str) -> redis::RedisResult<Position> {
    id.parse().map_err(|_| std::io::Error::other(format!("{id} is no id of a stream")).into())
}

fn entry(read: &StreamId) -> Option<Entry> {
    Some((read.id.parse().ok()?, change(read)))
}

/// The previous version writes no notes.
fn change(read: &StreamId) -> Option<(Topic, Note)> {
    let topic = read.get::<String>("topic")?.parse().ok()?;
    let note = read.get::<String>("note").map_or(Ok(Note::Changed), |note| note.parse()).ok()?;
    Some((topic, note))
}
