//! Our own queue as a contender: configured like the worker, in a separate process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use apalis::prelude::{Monitor, WorkerBuilder, WorkerBuilderExt as _};
use pawdium_queue::{Capacity, Enqueue as _, Job, Process, Queue, Runner};
use pawdium_shared::config::DatabaseConfig;
use pawdium_shared::db::{self, Db};
use pawdium_shared::queues;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinSet;

use crate::contenders::OURS_WITH_HISTORY;
use crate::protocol::{CALLERS, Said, Tally, Verb, now};

/// Concurrent jobs of every contender.
const CONCURRENCY: usize = 24;
/// The production worker's setting for short jobs.
const CAPACITY: Capacity =
    Capacity { concurrency: CONCURRENCY, prefetch: 4 * CONCURRENCY, burst: Capacity::BURST };

/// Jobs per bulk call.
const BULK: usize = 50_000;

/// Only counts. Running twice counts twice.
#[derive(Debug, Deserialize, Serialize)]
struct Noop<const KEPT: bool> {
    n: u64,
}

impl<const KEPT: bool> Job for Noop<KEPT> {
    const KIND: &'static str = if KEPT { "bench.kept.v1" } else { "bench.noop.v1" };
    const QUEUE: Queue = queues::CACHE;
    const HISTORY: Option<Duration> = if KEPT { Some(Duration::from_hours(24)) } else { None };
}

/// Runs the verb on the database at `url`, as the contender `name`.
pub(crate) async fn run(verb: Verb, url: String, name: &str) -> Result<()> {
    let mut config = DatabaseConfig { url: url.into(), ..DatabaseConfig::default() };
    if let Verb::EnqueueAtOnce(_) = verb {
        config.max_connections = CALLERS;
    }
    let db = db::connect(&config, "pawdium-bench")?;
    if name == OURS_WITH_HISTORY { act::<true>(verb, db).await } else { act::<false>(verb, db).await }
}

async fn act<const KEPT: bool>(verb: Verb, db: Db) -> Result<()> {
    match verb {
        Verb::Prepare => {
            db::migrate(&db).await.context("creating the schema")?;
            Said::Prepared.say();
            Ok(())
        }
        Verb::EnqueueSingly(jobs) => enqueue_singly::<KEPT>(&db, jobs).await,
        Verb::EnqueueAtOnce(jobs) => enqueue_at_once::<KEPT>(&db, jobs).await,
        Verb::EnqueueBulk(jobs) => enqueue_bulk::<KEPT>(&db, jobs).await,
        Verb::Work(_) | Verb::Announce => work::<KEPT>(db, verb).await,
        Verb::Dispatch => dispatch::<KEPT>(&db).await,
    }
}

async fn enqueue_singly<const KEPT: bool>(db: &Db, jobs: u64) -> Result<()> {
    for n in 0..jobs / 20 {
        Noop::<KEPT> { n }.enqueue_alone(db).await?;
    }
    let begin = Instant::now();
    for n in 0..jobs {
        Noop::<KEPT> { n }.enqueue_alone(db).await?;
    }
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

async fn enqueue_at_once<const KEPT: bool>(db: &Db, jobs: u64) -> Result<()> {
    enqueue_by_all::<KEPT>(db, jobs / 20).await?;
    let begin = Instant::now();
    enqueue_by_all::<KEPT>(db, jobs).await?;
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

/// Each caller enqueues its share sequentially.
async fn enqueue_by_all<const KEPT: bool>(db: &Db, jobs: u64) -> Result<()> {
    let mut callers: JoinSet<sqlx::Result<()>> = JoinSet::new();
    for caller in 0..u64::from(CALLERS) {
        let db = db.clone();
        callers.spawn(async move {
            for n in (caller..jobs).step_by(CALLERS as usize) {
                Noop::<KEPT> { n }.enqueue_alone(&db).await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn enqueue_bulk<const KEPT: bool>(db: &Db, jobs: u64) -> Result<()> {
    let jobs: Vec<_> = (0..jobs).map(|n| Noop::<KEPT> { n }).collect();
    let begin = Instant::now();
    for piece in jobs.chunks(BULK) {
        let mut tx = db.begin().await?;
        Noop::enqueue_all(&mut tx, piece).await?;
        tx.commit().await?;
    }
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

async fn work<const KEPT: bool>(db: Db, verb: Verb) -> Result<()> {
    let tally = Arc::new(Tally::of(verb));
    let runner = Runner::new(Arc::clone(&tally)).on::<Noop<KEPT>>(|job, tally, _| {
        Box::pin(async move {
            tally.handle(job.n);
            Ok(())
        })
    });
    let process = Process::start((*db).clone(), &queues::ALL).await?;
    let monitor = Monitor::new().register({
        let process = process.clone();
        move |_| {
            WorkerBuilder::new(Noop::<KEPT>::KIND)
                .backend(process.backend(Noop::<KEPT>::QUEUE, CAPACITY))
                .concurrency(CONCURRENCY)
                .build(runner.clone())
        }
    });
    Said::Claiming { at: now() }.say();
    // As in the worker: on a task, not on the thread that waits for it.
    tokio::spawn(monitor.run_with_signal(told_to_stop())).await??;
    process.leave().await;
    Said::Stopped { jobs: tally.handled() }.say();
    Ok(())
}

/// Returns at the end of standard input.
async fn told_to_stop() -> std::io::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}

async fn dispatch<const KEPT: bool>(db: &Db) -> Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut job = 0;
    while lines.next_line().await?.is_some() {
        Noop::<KEPT> { n: job }.enqueue_alone(db).await?;
        Said::Enqueued { job, at: now() }.say();
        job += 1;
    }
    Ok(())
}
