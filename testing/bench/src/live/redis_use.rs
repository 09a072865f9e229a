//! What Redis tells of the site.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use pawdium_shared::redis::{Patience, Redis};
use redis::aio::MultiplexedConnection;

/// How often a kind of widget was loaded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loads {
    /// For pages.
    pub(crate) pages: u64,
    /// By the worker, after events.
    pub(crate) reloads: u64,
}

/// The figures that operators see at `/admin/cache`.
pub(crate) async fn loads(redis: &Redis, kind: &str) -> Result<Loads> {
    let mut ask = redis::cmd("HGETALL");
    ask.arg(redis.key(&format!("cache-stats:{kind}")));
    let ask = |mut redis| async move { ask.query_async(&mut redis).await };
    let fields: BTreeMap<String, String> = redis.caches().run(Patience::Job, ask).await?;
    let number = |field| fields.get(field).and_then(|text: &String| text.parse().ok()).unwrap_or(0);
    let reloads = ["changed", "unchanged", "superseded", "failed"].into_iter().map(number).sum();
    Ok(Loads { pages: number("misses"), reloads })
}

/// How often each command was called so far.
pub(crate) async fn commands(redis: &mut MultiplexedConnection) -> Result<BTreeMap<String, u64>> {
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(redis).await?;
    let mut calls = BTreeMap::new();
    for line in info.lines() {
        let Some((command, figures)) =
            line.strip_prefix("cmdstat_").and_then(|line| line.split_once(":calls="))
        else {
            continue;
        };
        let count = figures.split(',').next().and_then(|count| count.parse().ok());
        calls.insert(command.to_owned(), count.context("Redis counts calls in numbers")?);
    }
    Ok(calls)
}
