//! Fragments in Redis: reading, storing, dropping.

use std::time::Duration;

use redis::{ExistenceCheck, Script, SetExpiry, SetOptions};

use super::{Group, News, Staleness, WentStale};
use crate::live;
use crate::redis::{Patience, Redis};

/// The maximum age of a fragment, even if a drop is missed.
const LIFETIME: Duration = Duration::from_mins(5);

/// The lifetime of a generation without a drop. Data that takes longer to load isn't stored.
const GENERATION: Duration = Duration::from_mins(10);

/// How long data of kinds that are loaded again is kept, as what a page falls back on.
const FALLBACK: Duration = Duration::from_hours(24);

/// What must still hold for a loaded fragment to be stored: the epoch and the generations, its own group's last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp(Vec<u64>);

impl Stamp {
    /// The stamp as it is stored with the fragment, which is void under another.
    fn text(&self) -> String {
        self.0.iter().map(u64::to_string).collect::<Vec<_>>().join("-")
    }

    /// The JSON of a stored fragment, unless it is void under this stamp.
    fn valid<'a>(&self, stored: &'a str) -> Option<&'a str> {
        let (stored_under, json) = stored.split_once(' ')?;
        (stored_under == self.text()).then_some(json)
    }
}

/// The result of a lookup in Redis.
pub(super) type Reading = (Stamp, Option<String>);

/// What became of loaded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// A drop came between, so it wasn't stored.
    Not,
    /// It replaces other data. Open pages are told.
    Changed,
    /// It equals what was stored before.
    Unchanged,
}

/// Reads one fragment of each group in one round trip: those that are stored and not void. Draws missing epochs and
/// generations.
pub(super) async fn read(
    redis: &Redis,
    groups: &[Group],
    fragment: &str,
    patience: Patience,
) -> redis::RedisResult<Vec<Reading>> {
    let mut pipe = redis::pipe();
    for group in groups {
        let keys = stamp_keys(redis, group);
        let own = keys.len() - 1;
        for (number, key) in keys.iter().enumerate() {
            let mut options = SetOptions::default().conditional_set(ExistenceCheck::NX);
            // Without the surrounding generations all fragments around would be void.
            if number == own {
                options = options.with_expiration(SetExpiry::EX(GENERATION.as_secs()));
            }
            pipe.set_options(key, draw(), options).ignore();
        }
        pipe.mget(keys).hget(group_key(redis, group), fragment);
    }
    let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
    let answers: Vec<redis::Value> = redis.caches().run(patience, ask).await?;
    let mut readings = Vec::with_capacity(groups.len());
    let mut answers = answers.into_iter();
    while let (Some(stamp), Some(found)) = (answers.next(), answers.next()) {
        let stamp = Stamp(redis::from_redis_value(stamp)?);
        let found: Option<String> = redis::from_redis_value(found)?;
        let text = found.and_then(|found| stamp.valid(&found).map(str::to_owned));
        readings.push((stamp, text));
    }
    Ok(readings)
}

/// Reads one fragment of each group without drawing anything. Returns those that are stored and not void.
pub(super) async fn peek(
    redis: &Redis,
    groups: &[Group],
    fragment: &str,
) -> redis::RedisResult<Vec<Option<String>>> {
    let mut pipe = redis::pipe();
    for group in groups {
        pipe.mget(stamp_keys(redis, group)).hget(group_key(redis, group), fragment);
    }
    let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
    let answers: Vec<redis::Value> = redis.caches().run(Patience::Job, ask).await?;
    let mut found = Vec::with_capacity(groups.len());
    let mut answers = answers.into_iter();
    while let (Some(stamp), Some(text)) = (answers.next(), answers.next()) {
        let numbers: Vec<Option<u64>> = redis::from_redis_value(stamp)?;
        let text: Option<String> = redis::from_redis_value(text)?;
        let stamp = numbers.into_iter().collect::<Option<_>>().map(Stamp);
        found.push(stamp.zip(text).and_then(|(stamp, text)| stamp.valid(&text).map(str::to_owned)));
    }
    Ok(found)
}

/// Reads what was last stored of each group, void or not.
pub(super) async fn read_last(
    redis: &Redis,
    groups: &[Group],
    fragment: &str,
) -> redis::RedisResult<Vec<Option<String>>> {
    let mut pipe = redis::pipe();
    for group in groups {
        pipe.hget(group_key(redis, group), fragment);
    }
    let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
    let found: Vec<Option<String>> = redis.caches().run(Patience::Page, ask).await?;
    Ok(found.into_iter().map(|found| Some(found?.split_once(' ')?.1.to_owned())).collect())
}

/// Stores a fragment if its stamp still holds. With news, tells the open pages in the same step if the version is
/// another one than before.
pub(super) async fn store(
    redis: &Redis,
    group: &Group,
    fragment: &str,
    stamp: &Stamp,
    json: &str,
    news: Option<&News>,
) -> redis::RedisResult<Stored> {
    let script = Script::new(
        "local group, stream, stamps = KEYS[1], KEYS[2], #KEYS - 2
         for i = 1, stamps do
             if redis.call('get', KEYS[2 + i]) ~= ARGV[4 + i] then return 0 end
         end
         redis.call('hset', group, ARGV[1], ARGV[2])
         local version = ARGV[4]
         if version == '' then
             if redis.call('ttl', group) < 0 then redis.call('expire', group, ARGV[3]) end
             return 1
         end
         redis.call('expire', group, ARGV[3])
         if redis.call('hget', group, 'version') == version then return 2 end
         redis.call('hset', group, 'version', version)
         local entry = {}
         for i = 5 + stamps, #ARGV do entry[#entry + 1] = ARGV[i] end
         redis.call('xadd', stream, 'MAXLEN', '~', 10000, '*', unpack(entry))
         return 1",
    );
    let mut call = script.key(group_key(redis, group));
    call.key(live::stream_key(redis));
    call.arg(fragment).arg(format!("{} {json}", stamp.text()));
    let lifetime = if news.is_some() { FALLBACK } else { LIFETIME };
    call.arg(lifetime.as_secs()).arg(news.map_or_else(String::new, |news| news.version.to_string()));
    call.arg(&stamp.0);
    for key in stamp_keys(redis, group) {
        call.key(key);
    }
    if let Some(news) = news {
        let (topic, note) = news.told();
        for (field, value) in live::entry(topic, note) {
            call.arg(field).arg(value);
        }
    }
    let call = |mut redis| async move { call.invoke_async(&mut redis).await };
    let outcome: u8 = redis.caches().run(Patience::Page, call).await?;
    Ok(match outcome {
        0 => Stored::Not,
        1 => Stored::Changed,
        _ => Stored::Unchanged,
    })
}

/// Makes groups void, tells all processes so, and keeps their data as what pages fall back on. Returns which of them
/// hold any.
///
/// # Errors
/// If Redis is unreachable. If this process survives, everything is dropped when Redis is back.
pub(super) async fn expire(
    redis: &Redis,
    groups: &[Group],
    staleness: Staleness,
) -> redis::RedisResult<Vec<bool>> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    pipe.atomic();
    for group in groups {
        pipe.unlink(generation_key(redis, group)).ignore();
        pipe.exists(group_key(redis, group));
    }
    announce(redis, &mut pipe, groups, staleness);
    let expire = |mut redis| async move { pipe.query_async(&mut redis).await };
    redis.caches().run_or_owe(Patience::Job, expire).await
}

/// Drops groups with their generations, and tells all processes so, unless that is for somebody else to do. Data that
/// is being loaded now will not be stored.
///
/// # Errors
/// If Redis is unreachable. If this process survives, everything is dropped when Redis is back.
pub(super) async fn drop(
    redis: &Redis,
    groups: &[Group],
    announced: Option<Staleness>,
) -> redis::RedisResult<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    pipe.atomic();
    for group in groups {
        pipe.unlink(&[generation_key(redis, group), group_key(redis, group)]).ignore();
    }
    if let Some(staleness) = announced {
        announce(redis, &mut pipe, groups, staleness);
    }
    let drop = |mut redis| async move { pipe.exec_async(&mut redis).await };
    redis.caches().run_or_owe(Patience::Job, drop).await
}

/// In the same step as what makes the groups void, so that nobody hears of it before.
fn announce(redis: &Redis, pipe: &mut redis::Pipeline, groups: &[Group], staleness: Staleness) {
    let entry = WentStale::of(groups, staleness).entry();
    pipe.xadd_maxlen(live::stream_key(redis), live::REMEMBERED_APPROXIMATELY, "*", &entry).ignore();
}

/// The number of fragments of each group, and the seconds until it expires; no fragments if it doesn't exist.
pub(super) async fn measure(redis: &Redis, groups: &[Group]) -> redis::RedisResult<Vec<(u64, i64)>> {
    let mut pipe = redis::pipe();
    for group in groups {
        let key = group_key(redis, group);
        pipe.hlen(&key).ttl(&key);
    }
    let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
    let answers: Vec<i64> = redis.caches().run(Patience::Job, ask).await?;
    Ok(answers.as_chunks().0.iter().map(|&[fragments, ttl]| (fragments.unsigned_abs(), ttl)).collect())
}

/// The prefix of all groups' keys.
pub(super) fn prefix(redis: &Redis) -> String {
    redis.key("fragments:")
}

fn group_key(redis: &Redis, group: &Group) -> String {
    format!("{}{}", prefix(redis), group.name())
}

/// The keys of the numbers in a [`Stamp`].
fn stamp_keys(redis: &Redis, group: &Group) -> Vec<String> {
    let mut keys = vec![redis.epoch_key()];
    keys.extend(group.around().map(|around| generation_key(redis, &around)));
    keys.push(generation_key(redis, group));
    keys
}

fn generation_key(redis: &Redis, group: &Group) -> String {
    redis.key(&format!("generation:{}", group.name()))
}

/// A random number from a range too large for repeats. It stays below 2^62, so that the previous version can increment
/// it.
fn draw() -> u64 {
    rand::random::<u64>() >> 2
}
