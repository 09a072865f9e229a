//! Fragments in Redis: reading, storing, dropping.

use std::time::Duration;

use redis::{ExistenceCheck, Script, SetExpiry, SetOptions};

use super::Group;
use crate::redis::{Patience, Redis};

/// The maximum age of a fragment, even if a drop is missed.
const LIFETIME: Duration = Duration::from_mins(5);

/// The lifetime of a generation without a drop. Data that takes longer to load isn't stored.
const GENERATION: Duration = Duration::from_mins(10);

/// What must still hold for a loaded fragment to be stored: the epoch and the generations, its own group's last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp(Vec<u64>);

impl Stamp {
    /// The part of the stamp that is stored in the fragment, by which a drop of the surrounding group voids it.
    fn around(&self) -> String {
        let around = &self.0[..self.0.len().saturating_sub(1)];
        around.iter().map(u64::to_string).collect::<Vec<_>>().join("-")
    }
}

/// The result of a lookup in Redis.
pub(super) type Reading = (Stamp, Option<String>);

/// Reads one fragment of each group in one round trip: those that are stored and not void. Draws missing epochs and
/// generations.
pub(super) async fn read(
    redis: &Redis,
    groups: &[Group],
    fragment: &str,
) -> redis::RedisResult<Vec<Reading>> {
    let mut pipe = redis::pipe();
    for group in groups {
        let keys = stamp_keys(redis, group);
        let own = keys.len() - 1;
        for (number, key) in keys.iter().enumerate() {
            let mut options = SetOptions::default().conditional_set(ExistenceCheck::NX);
            // Without the surrounding generations the fragment would be void. Its own generation is only needed to
            // store it.
            if number == own {
                options = options.with_expiration(SetExpiry::EX(GENERATION.as_secs()));
            }
            pipe.set_options(key, draw(), options).ignore();
        }
        pipe.mget(keys).hget(group_key(redis, group), fragment);
    }
    let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
    let answers: Vec<redis::Value> = redis.caches().run(Patience::Page, ask).await?;
    let mut readings = Vec::with_capacity(groups.len());
    let mut answers = answers.into_iter();
    while let (Some(stamp), Some(found)) = (answers.next(), answers.next()) {
        let stamp = Stamp(redis::from_redis_value(stamp)?);
        let found: Option<String> = redis::from_redis_value(found)?;
        let text = found.and_then(|found| {
            let (around, text) = found.split_once(' ')?;
            (around == stamp.around()).then(|| text.to_owned())
        });
        readings.push((stamp, text));
    }
    Ok(readings)
}

/// Stores a fragment if its stamp still holds.
pub(super) async fn store(
    redis: &Redis,
    group: &Group,
    fragment: &str,
    stamp: &Stamp,
    json: &str,
) -> redis::RedisResult<()> {
    let script = Script::new(
        "for i = 1, #KEYS - 1 do
             if redis.call('get', KEYS[i]) ~= ARGV[3 + i] then return end
         end
         redis.call('hset', KEYS[#KEYS], ARGV[1], ARGV[2])
         if redis.call('ttl', KEYS[#KEYS]) < 0 then redis.call('expire', KEYS[#KEYS], ARGV[3]) end",
    );
    let mut call = script.arg(fragment);
    call.arg(format!("{} {json}", stamp.around())).arg(LIFETIME.as_secs()).arg(&stamp.0);
    for key in stamp_keys(redis, group) {
        call.key(key);
    }
    call.key(group_key(redis, group));
    redis.caches().run(Patience::Page, |mut redis| async move { call.invoke_async(&mut redis).await }).await
}

/// Drops groups with their generations. Data that is being loaded now will not be stored.
///
/// # Errors
/// If Redis is unreachable. If this process survives, everything is dropped when Redis is back.
pub(super) async fn drop(redis: &Redis, groups: &[Group]) -> redis::RedisResult<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    pipe.atomic();
    for group in groups {
        pipe.unlink(&[generation_key(redis, group), group_key(redis, group)]).ignore();
    }
    let drop = |mut redis| async move { pipe.exec_async(&mut redis).await };
    redis.caches().run_or_owe(Patience::Job, drop).await
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
