//! How well the cache works, counted in Redis for operators. Like everything there, the figures may be lost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Cache;
use crate::jobs::cache::Because;
use crate::redis::{Patience, Redis};

/// How often a process reports what it has counted.
const REPORTED: Duration = Duration::from_secs(10);

/// How many durations and traces are kept.
const KEPT: isize = 200;
const TRACES: isize = 20;

/// How long figures are kept without news.
const LIFETIME: i64 = 86_400;

/// The reads of this process that it hasn't reported, by label.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Arc<Mutex<HashMap<&'static str, Counted>>>);

#[derive(Debug, Default)]
struct Counted {
    hits: u64,
    misses: u64,
    failed: u64,
    error: Option<String>,
}

impl Reads {
    pub(super) fn count(&self, label: &'static str, hits: u64, misses: u64) {
        let mut reads = self.0.lock();
        let counted = reads.entry(label).or_default();
        counted.hits += hits;
        counted.misses += misses;
    }

    /// Counts data that a page couldn't load.
    pub(super) fn count_failed(&self, label: &'static str, error: &str) {
        let mut reads = self.0.lock();
        let counted = reads.entry(label).or_default();
        counted.failed += 1;
        counted.error = Some(error.to_owned());
    }

    fn take(&self) -> HashMap<&'static str, Counted> {
        std::mem::take(&mut self.0.lock())
    }
}

/// What became of loading data again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Open pages were told.
    Changed,
    /// It was the same as before.
    Unchanged,
    /// It was dropped meanwhile, so it wasn't stored. The event that dropped it has a job of its own.
    Superseded,
    /// A page had loaded it already.
    Fresh,
    /// It couldn't be loaded.
    Failed,
}

impl Outcome {
    const fn field(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Fresh => "fresh",
            Self::Failed => "failed",
        }
    }
}

/// Why and how an object was loaded again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// The first event that made it stale.
    #[serde(flatten)]
    pub because: Because,
    /// When its data was loaded.
    pub loaded_at: DateTime<Utc>,
    /// How long loading took, in milliseconds.
    pub ms: f64,
    /// When it was stored and, if it had changed, open pages were told.
    pub told_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Trace {
    /// From the event to the message to open pages.
    #[must_use]
    pub fn took(&self) -> TimeDelta {
        self.told_at - self.because.recorded_at
    }

    /// From the event to the end of its triage.
    #[must_use]
    pub fn triage(&self) -> TimeDelta {
        self.because.triaged_at - self.because.recorded_at
    }

    /// From triage to the start of loading, while the job waited.
    #[must_use]
    pub fn waited(&self) -> TimeDelta {
        self.loaded_at - self.loading() - self.because.triaged_at
    }

    /// How long loading took.
    #[must_use]
    pub fn loading(&self) -> TimeDelta {
        #[expect(clippy::cast_possible_truncation, reason = "loading ends after seconds")]
        let micros = (self.ms * 1000.0) as i64;
        TimeDelta::microseconds(micros)
    }

    /// From loaded to stored and told.
    #[must_use]
    pub fn telling(&self) -> TimeDelta {
        self.told_at - self.loaded_at
    }
}

/// The figures of one kind of cached data.
#[derive(Clone, Debug, Default, Serialize)]
pub struct KindStats {
    /// The label that it is counted under.
    pub label: String,
    /// Reads that found data.
    pub hits: u64,
    /// Reads that had to load.
    pub misses: u64,
    /// Reloads that changed what pages show.
    pub changed: u64,
    /// Reloads that brought the same data.
    pub unchanged: u64,
    /// Reloads that failed, and pages that couldn't load it.
    pub failed: u64,
    /// The median duration of the last reloads, in milliseconds.
    pub p50_ms: Option<f64>,
    /// The 95th percentile of the same.
    pub p95_ms: Option<f64>,
    /// The last error.
    pub last_error: Option<String>,
}

impl KindStats {
    /// The share of reads that found data; `None` without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn hit_share(&self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }

    /// The share of reloads that brought the same data; `None` without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn unchanged_share(&self) -> Option<f64> {
        let all = self.changed + self.unchanged;
        (all > 0).then(|| self.unchanged as f64 / all as f64)
    }
}

fn key(redis: &Redis, label: &str) -> String {
    redis.key(&format!("cache-stats:{label}"))
}

fn durations_key(redis: &Redis, label: &str) -> String {
    redis.key(&format!("cache-ms:{label}"))
}

fn trace_key(redis: &Redis, kind: &str, name: &str) -> String {
    redis.key(&format!("cache-trace:{kind}:{name}"))
}

/// A reload to record.
pub(super) struct Record<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) trace: &'a Trace,
    pub(super) error: Option<&'a str>,
}

pub(super) async fn record(redis: &Redis, record: Record<'_>) -> redis::RedisResult<()> {
    let Record { kind, name, label, trace, error } = record;
    let json = serde_json::to_string(trace).unwrap_or_default();
    let (key, durations, traces) =
        (key(redis, label), durations_key(redis, label), trace_key(redis, kind, name));
    let mut pipe = redis::pipe();
    pipe.hincr(&key, trace.outcome.field(), 1).ignore().expire(&key, LIFETIME).ignore();
    if trace.outcome != Outcome::Fresh {
        pipe.lpush(&durations, trace.ms).ignore().ltrim(&durations, 0, KEPT - 1).ignore();
        pipe.expire(&durations, LIFETIME).ignore();
    }
    pipe.lpush(&traces, json)
        .ignore()
        .ltrim(&traces, 0, TRACES - 1)
        .ignore()
        .expire(&traces, LIFETIME)
        .ignore();
    if let Some(error) = error {
        pipe.hset(&key, "error", error).ignore();
    }
    redis.caches().run(Patience::Job, |mut redis| async move { pipe.exec_async(&mut redis).await }).await
}

impl Cache {
    /// Reports the reads of this process every few seconds, until the runtime ends.
    pub fn report_reads(&self) {
        let cache = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REPORTED).await;
                let mut pipe = redis::pipe();
                for (label, Counted { hits, misses, failed, error }) in cache.reads.take() {
                    let key = key(&cache.redis, label);
                    pipe.hincr(&key, "hits", hits).ignore().hincr(&key, "misses", misses).ignore();
                    pipe.hincr(&key, "failed", failed).ignore();
                    if let Some(error) = error {
                        pipe.hset(&key, "error", error).ignore();
                    }
                    pipe.expire(&key, LIFETIME).ignore();
                }
                if !pipe.is_empty() {
                    let report = |mut redis| async move { pipe.exec_async(&mut redis).await };
                    // Without Redis the figures are lost, which its outage explains.
                    let _ = cache.redis.caches().run(Patience::Job, report).await;
                }
            }
        });
    }

    /// The figures of all kinds that were read or loaded within a day.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn stats(&self) -> redis::RedisResult<Vec<KindStats>> {
        let prefix = key(&self.redis, "");
        let mut all = Vec::new();
        for found in self.keys(&format!("{prefix}*")).await? {
            let label = found[prefix.len()..].to_owned();
            let mut pipe = redis::pipe();
            pipe.hgetall(&found).lrange(durations_key(&self.redis, &label), 0, -1);
            let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
            let (fields, mut durations): (HashMap<String, String>, Vec<f64>) =
                self.redis.caches().run(Patience::Job, ask).await?;
            let number = |field| fields.get(field).and_then(|text: &String| text.parse().ok()).unwrap_or(0);
            durations.sort_by(f64::total_cmp);
            let at = |part: usize| {
                durations.get((durations.len() * part / 100).min(durations.len().saturating_sub(1)))
            };
            all.push(KindStats {
                hits: number("hits"),
                misses: number("misses"),
                changed: number("changed"),
                unchanged: number("unchanged"),
                failed: number("failed"),
                p50_ms: at(50).copied(),
                p95_ms: at(95).copied(),
                last_error: fields.get("error").cloned(),
                label,
            });
        }
        Ok(all)
    }

    /// The last reloads of an object, latest first.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn traces(&self, kind: &str, name: &str) -> redis::RedisResult<Vec<Trace>> {
        let key = trace_key(&self.redis, kind, name);
        let ask = |mut redis| async move {
            redis::cmd("LRANGE").arg(key).arg(0).arg(-1).query_async(&mut redis).await
        };
        let found: Vec<String> = self.redis.caches().run(Patience::Job, ask).await?;
        Ok(found.iter().filter_map(|json| serde_json::from_str(json).ok()).collect())
    }
}
