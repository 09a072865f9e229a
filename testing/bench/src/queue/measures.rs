//! The five measurements. Each starts with empty stores and a new schema.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use pawdium_bench::figures::quantile;
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

use crate::child::Child;
use crate::contenders::{self, Contender};
use crate::figures::Figures;
use crate::observer::Observer;
use crate::protocol::{Said, now};

/// Jobs enqueued sequentially.
const SINGLY: u64 = 2_000;
/// Jobs enqueued one by one by concurrent callers.
const AT_ONCE: u64 = 20_000;
/// Jobs dispatched one by one.
const DISPATCHED: usize = 500;
/// Uncounted jobs before them, which warm up caches, code and connections.
const WARM_UP: usize = 25;
/// Milliseconds between one job's start and the next one's enqueueing: the worker is idle again, its ack written.
/// Random for each job, so that they don't coincide with a contender's timers.
const PAUSE: Range<u64> = 5..30;
/// Until a claiming worker is certainly idle.
const IDLE: Duration = Duration::from_secs(1);
/// Interval between checks of the store when every job has been handled.
const LOOK: Duration = Duration::from_millis(1);
/// How long acks may take after the last job was handled.
const ACKS: Duration = Duration::from_mins(2);

/// The measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Sequential enqueueing.
    Singly,
    /// Enqueueing one by one from concurrent callers.
    AtOnce,
    /// Enqueueing many in one call.
    Bulk,
    /// Working off a backlog.
    Throughput,
    /// From enqueued to started.
    Latency,
}

/// The stores for a command about one contender. Prints the conditions.
pub(crate) async fn alone(name: &str) -> Result<(Contender, Stores)> {
    let contender = contenders::one(name)?;
    let mut stores = Stores::start("bench-queue").await?;
    println!("{}\n", Machine::of(&mut stores).await?);
    Ok((contender, stores))
}

/// Takes the requested measurements.
pub(crate) async fn measure(
    stores: &mut Stores,
    contender: &Contender,
    which: &[Measure],
    backlog: u64,
) -> Result<Figures> {
    let asked = |measure| which.is_empty() || which.contains(&measure);
    let mut figures = Figures::default();
    if asked(Measure::Singly) {
        fresh(stores, contender).await?;
        let seconds = took(stores, contender, &format!("enqueue-singly {SINGLY}")).await?;
        figures.singly = Some(rate(SINGLY, seconds));
    }
    if asked(Measure::AtOnce) {
        fresh(stores, contender).await?;
        let seconds = took(stores, contender, &format!("enqueue-at-once {AT_ONCE}")).await?;
        figures.at_once = Some(rate(AT_ONCE, seconds));
    }
    let worked_off = contender.worked_off(backlog);
    if asked(Measure::Bulk) || (asked(Measure::Throughput) && worked_off == backlog) {
        fresh(stores, contender).await?;
        let seconds = took(stores, contender, &format!("enqueue-bulk {backlog}")).await?;
        figures.bulk = asked(Measure::Bulk).then(|| rate(backlog, seconds));
    }
    if asked(Measure::Throughput) {
        if worked_off != backlog {
            fresh(stores, contender).await?;
            took(stores, contender, &format!("enqueue-bulk {worked_off}")).await?;
        }
        stores.settle().await?;
        figures.throughput = Some(throughput(stores, contender, worked_off).await?);
    }
    if asked(Measure::Latency) {
        fresh(stores, contender).await?;
        let latencies = latencies(stores, contender).await?;
        figures.p50 = quantile(&latencies, 0.5);
        figures.p99 = quantile(&latencies, 0.99);
    }
    Ok(figures)
}

/// Empty stores with the contender's schema.
pub(crate) async fn fresh(stores: &mut Stores, contender: &Contender) -> Result<()> {
    stores.empty().await?;
    match Child::start(contender, "prepare", stores)?.answer().await? {
        Said::Prepared => stores.settle().await,
        said => bail!("{} should create its schema, but sent {said:?}", contender.name),
    }
}

/// The seconds that an enqueueing verb took, as the contender reports them.
pub(crate) async fn took(stores: &Stores, contender: &Contender, verb: &str) -> Result<f64> {
    match Child::start(contender, verb, stores)?.answer().await? {
        Said::Took { seconds } => Ok(seconds),
        said => bail!("{} should enqueue, but sent {said:?}", contender.name),
    }
}

/// Jobs per second, from the worker's first claim until the store has no unfinished job.
pub(crate) async fn throughput(stores: &Stores, contender: &Contender, backlog: u64) -> Result<f64> {
    if !Observer::of(stores, contender).await?.unfinished().await? {
        bail!("{} has no backlog to work off", contender.name);
    }
    let (begin, end) = work_off(stores, contender, backlog).await?;
    Ok(per_second(backlog, end - begin))
}

/// Runs one worker for this many jobs. Returns the times of its first claim and of the store having no unfinished
/// job.
///
/// The store isn't polled while jobs run. The end is the start of the poll that finds nothing, because its snapshot
/// is from then.
pub(crate) async fn work_off(stores: &Stores, contender: &Contender, jobs: u64) -> Result<(i64, i64)> {
    let mut observer = Observer::of(stores, contender).await?;
    let mut worker = Child::start(contender, &format!("work {jobs}"), stores)?;
    let Said::Claiming { at: begin } = worker.said().await? else {
        bail!("{} didn't report that it claims", contender.name)
    };
    match worker.said().await? {
        Said::Handled { jobs: handled } if handled == jobs => {}
        said => bail!("{} should handle {jobs} jobs, but sent {said:?}", contender.name),
    }
    let end = all_finished(&mut observer, contender).await?;
    match worker.stop().await? {
        Some(Said::Stopped { jobs: handled }) if handled == jobs => Ok((begin, end)),
        said => bail!("{} should run {jobs} jobs once each, but sent {said:?}", contender.name),
    }
}

/// When the store was first seen without unfinished jobs.
async fn all_finished(observer: &mut Observer, contender: &Contender) -> Result<i64> {
    let looking = async {
        loop {
            let at = now();
            if !observer.unfinished().await? {
                return Ok(at);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(ACKS, looking).await {
        Ok(at) => at,
        Err(_) => bail!("{} has handled every job, but not acked the last ones", contender.name),
    }
}

/// Sorted milliseconds from the return of each enqueue in one process to the start of its handler in another.
async fn latencies(stores: &Stores, contender: &Contender) -> Result<Vec<f64>> {
    let mut worker = Child::start(contender, "announce", stores)?;
    let Said::Claiming { .. } = worker.said().await? else {
        bail!("{} didn't report that it claims", contender.name)
    };
    tokio::time::sleep(IDLE).await;
    let mut dispatcher = Child::start(contender, "dispatch", stores)?;
    let mut latencies = Vec::with_capacity(DISPATCHED);
    for n in 0..WARM_UP + DISPATCHED {
        dispatcher.next().await?;
        match (dispatcher.said().await?, worker.said().await?) {
            (Said::Enqueued { job: enqueued, at: from }, Said::Started { job: started, at: to })
                if enqueued == started =>
            {
                if n >= WARM_UP {
                    latencies.push(seconds(to - from) * 1e3);
                }
            }
            (one, other) => bail!("{} should dispatch a job, but sent {one:?}, {other:?}", contender.name),
        }
        tokio::time::sleep(Duration::from_millis(rand::random_range(PAUSE))).await;
    }
    dispatcher.stop().await?;
    worker.stop().await?;
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds to hours in nanoseconds, far below 2^53")]
fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// Jobs per second.
pub(crate) fn per_second(jobs: u64, nanoseconds: i64) -> f64 {
    rate(jobs, seconds(nanoseconds))
}

#[expect(clippy::cast_precision_loss, reason = "at most millions")]
fn rate(jobs: u64, seconds: f64) -> f64 {
    jobs as f64 / seconds
}
