//! Our queue with a million waiting jobs, and after ten million processed ones, compared with a fresh one.

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_bench::figures::quantile;
use pawdium_bench::stores::Stores;
use sqlx::Row as _;

use crate::contenders::{self, Contender};
use crate::measures::{alone, fresh, per_second, throughput, took, work_off};
use crate::protocol::now;

/// Minimum size in bytes of the tables and indexes to show.
const SHOWN: i64 = 1 << 20;

/// Measure how the queue's size and age change its speed
#[derive(Debug, Args)]
pub(crate) struct Sizes {
    /// `ours`, or `ours-with-history`
    #[arg(default_value = contenders::OURS)]
    contender: String,
    /// Number of jobs worked off to measure the fresh and the aged queue
    #[arg(long, default_value_t = 50_000)]
    probe: u64,
    /// Number of waiting jobs
    #[arg(long, default_value_t = 1_000_000)]
    backlog: u64,
    /// Number of jobs that age the queue
    #[arg(long, default_value_t = 10_000_000)]
    processed: u64,
    /// Number of jobs per step, enqueued while the previous ones are worked off
    #[arg(long, default_value_t = 500_000)]
    step: u64,
    /// Repetitions for the fresh and the aged queue; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Sizes {
    pub(crate) async fn run(self) -> Result<()> {
        let (contender, mut stores) = alone(&self.contender).await?;
        println!("| {} | throughput, jobs/s | of fresh | tables and indexes from 1 MiB |", contender.name);
        println!("|---|---:|---:|---|");

        let mut speeds = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            fresh(&mut stores, &contender).await?;
            speeds.push(self.probe(&mut stores, &contender).await?);
        }
        let base = median(speeds)?;
        row(&stores, &format!("fresh, {} waiting", self.probe), base, base).await?;

        fresh(&mut stores, &contender).await?;
        took(&stores, &contender, &format!("enqueue-bulk {}", self.backlog)).await?;
        stores.settle().await?;
        let speed = throughput(&stores, &contender, self.backlog).await?;
        row(&stores, &format!("{} waiting", self.backlog), speed, base).await?;

        fresh(&mut stores, &contender).await?;
        self.age(&stores, &contender, base).await?;
        let mut speeds = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            speeds.push(self.probe(&mut stores, &contender).await?);
        }
        let what = format!("after {} processed, {} waiting", self.processed, self.probe);
        row(&stores, &what, median(speeds)?, base).await?;
        stores.stop().await
    }

    /// Throughput with few waiting jobs.
    async fn probe(&self, stores: &mut Stores, contender: &Contender) -> Result<f64> {
        took(stores, contender, &format!("enqueue-bulk {}", self.probe)).await?;
        stores.settle().await?;
        throughput(stores, contender, self.probe).await
    }

    /// Processes the jobs that age the queue. Only autovacuum vacuums and analyzes, with the migrations' table
    /// settings.
    async fn age(&self, stores: &Stores, contender: &Contender, base: f64) -> Result<()> {
        let mut processed = 0;
        while processed < self.processed {
            let step = self.step.clamp(1, self.processed - processed);
            let begin = now();
            let enqueueing = format!("enqueue-bulk {step}");
            let (_, (_, end)) =
                tokio::try_join!(took(stores, contender, &enqueueing), work_off(stores, contender, step))?;
            processed += step;
            let speed = per_second(step, end - begin);
            let what = format!("{processed} processed, while as many are enqueued");
            row(stores, &what, speed, base).await?;
        }
        Ok(())
    }
}

fn median(mut speeds: Vec<f64>) -> Result<f64> {
    speeds.sort_by(f64::total_cmp);
    quantile(&speeds, 0.5).context("--rounds is at least 1")
}

async fn row(stores: &Stores, what: &str, speed: f64, base: f64) -> Result<()> {
    println!("| {what} | {speed:.0} | {:.0} % | {} |", speed / base * 100.0, sizes(stores).await?);
    Ok(())
}

/// The larger tables, each with indexes, dead rows and autovacuum runs.
async fn sizes(stores: &Stores) -> Result<String> {
    let mut db = stores.connect().await?;
    let tables = sqlx::query(
        "select relname::text as name, pg_table_size(relid) as heap, pg_indexes_size(relid) as indexes,
                n_live_tup as live, n_dead_tup as dead, autovacuum_count as vacuums
         from pg_stat_user_tables
         where pg_total_relation_size(relid) >= $1
         order by relname",
    )
    .bind(SHOWN)
    .fetch_all(&mut db)
    .await?;
    let mut shown = Vec::with_capacity(tables.len());
    for table in tables {
        shown.push(format!(
            "{}: {} MiB, indexes {} MiB, {} live, {} dead, {} autovacuums",
            table.try_get::<String, _>("name")?,
            table.try_get::<i64, _>("heap")? >> 20,
            table.try_get::<i64, _>("indexes")? >> 20,
            table.try_get::<i64, _>("live")?,
            table.try_get::<i64, _>("dead")?,
            table.try_get::<i64, _>("vacuums")?,
        ));
    }
    Ok(shown.join("; "))
}
