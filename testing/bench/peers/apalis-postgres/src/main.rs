//! apalis-postgres as a contender.
//!
//! Settings: its defaults with the pubsub backend of its README, because without it an idle worker looks for jobs
//! only with its heartbeat, every 30 s. Batched as the docs of `Config::batch_size` recommend for throughput:
//! batches of 2000, and no second lock on jobs fetched under a lock (`Config::lock_tasks`).

#[path = "../../../src/queue/protocol.rs"]
mod protocol;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use apalis::prelude::{BoxDynError, Data, TaskSink as _, WorkerBuilder, WorkerBuilderExt as _};
use apalis_postgres::{Config, PgPool, PostgresStorage};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinSet;

use protocol::{CALLERS, Said, Tally, Verb, now};

const CONCURRENCY: usize = 24;

#[derive(Debug, Deserialize, Serialize)]
struct Noop {
    n: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let verb = Verb::read(std::env::args().skip(1)).context("unknown verb")?;
    let url = std::env::var("BENCH_POSTGRES").context("BENCH_POSTGRES is not set")?;
    let db = PgPoolOptions::new()
        .max_connections(if let Verb::EnqueueAtOnce(_) = verb { CALLERS } else { 10 })
        .connect(&url)
        .await?;
    match verb {
        Verb::Prepare => {
            PostgresStorage::setup(&db).await?;
            Said::Prepared.say();
            Ok(())
        }
        Verb::EnqueueSingly(jobs) => enqueue_singly(&db, jobs).await,
        Verb::EnqueueAtOnce(jobs) => enqueue_at_once(&db, jobs).await,
        Verb::EnqueueBulk(jobs) => enqueue_bulk(&db, jobs).await,
        Verb::Work(_) | Verb::Announce => work(&db, verb).await,
        Verb::Dispatch => dispatch(&db).await,
    }
}

fn storage(db: &PgPool) -> PostgresStorage<Noop> {
    let config = Config::default().queue("bench");
    let is_batched = std::env::var_os("BENCH_BATCHED").is_some();
    let config = if is_batched { config.batch_size(2000).lock_tasks(false) } else { config };
    PostgresStorage::new(db).with_config(config)
}

async fn enqueue_singly(db: &PgPool, jobs: u64) -> Result<()> {
    let mut storage = storage(db);
    for n in 0..jobs / 20 {
        storage.push(Noop { n }).await?;
    }
    let begin = Instant::now();
    for n in 0..jobs {
        storage.push(Noop { n }).await?;
    }
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

async fn enqueue_at_once(db: &PgPool, jobs: u64) -> Result<()> {
    enqueue_by_all(db, jobs / 20).await?;
    let begin = Instant::now();
    enqueue_by_all(db, jobs).await?;
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

async fn enqueue_by_all(db: &PgPool, jobs: u64) -> Result<()> {
    let mut callers = JoinSet::new();
    for caller in 0..u64::from(CALLERS) {
        let mut storage = storage(db);
        callers.spawn(async move {
            for n in (caller..jobs).step_by(CALLERS as usize) {
                storage.push(Noop { n }).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn enqueue_bulk(db: &PgPool, jobs: u64) -> Result<()> {
    let mut storage = storage(db);
    let jobs = (0..jobs).map(|n| Noop { n }).collect();
    let begin = Instant::now();
    storage.push_bulk(jobs).await?;
    Said::Took { seconds: begin.elapsed().as_secs_f64() }.say();
    Ok(())
}

async fn work(db: &PgPool, verb: Verb) -> Result<()> {
    let tally = Arc::new(Tally::of(verb));
    let worker = WorkerBuilder::new("bench")
        .backend(storage(db).with_pubsub())
        .concurrency(CONCURRENCY)
        .data(Arc::clone(&tally))
        .build(handle);
    Said::Claiming { at: now() }.say();
    worker.run_until(told_to_stop()).await?;
    Said::Stopped { jobs: tally.handled() }.say();
    Ok(())
}

async fn handle(job: Noop, tally: Data<Arc<Tally>>) -> Result<(), BoxDynError> {
    tally.handle(job.n);
    Ok(())
}

/// Returns at the end of standard input.
async fn told_to_stop() -> std::io::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}

async fn dispatch(db: &PgPool) -> Result<()> {
    let mut storage = storage(db);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut job = 0;
    while lines.next_line().await?.is_some() {
        storage.push(Noop { n: job }).await?;
        Said::Enqueued { job, at: now() }.say();
        job += 1;
    }
    Ok(())
}
