//! The five measurements. Each begins with an empty store and a schema just made.

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

/// Jobs that are enqueued one after the other.
const SINGLY: u64 = 2_000;
/// Jobs that are enqueued one by one by many at the same time.
const AT_ONCE: u64 = 20_000;
/// Jobs that are dispatched one by one.
const DISPATCHED: usize = 500;
/// Jobs before them that are not counted: caches, code and connections warm up.
const WARM_UP: usize = 25;
/// Between one job's start and the next one's enqueueing, in milliseconds: the worker is idle again, its ack written. It
/// is drawn anew for each job, lest all of them hit the same moment of a contender's timers.
const PAUSE: Range<u64> = 5..30;
/// Until a worker that claims is idle for certain.
const IDLE: Duration = Duration::from_secs(1);
/// Between two looks at the store when every job has been handled.
const LOOK: Duration = Duration::from_millis(1);
/// How long acks may take after the last job has been handled.
const ACKS: Duration = Duration::from_mins(2);

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Enqueueing one after the other.
    Singly,
    /// Enqueueing one by one, many callers at the same time.
    AtOnce,
    /// Enqueueing many in one call.
    Bulk,
    /// Working off a backlog.
    Throughput,
    /// From enqueued to started.
    Latency,
}

/// For a command about one contender: that one and the stores, after saying under what they run.
pub(crate) async fn alone(name: &str) -> Result<(Contender, Stores)> {
    let contender = contenders::one(name)?;
    let mut stores = Stores::start("bench-queue").await?;
    println!("{}\n", Machine::of(&mut stores).await?);
    Ok((contender, stores))
}

/// Takes the measurements of `which` that are asked for.
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
        said => bail!("{} was to make its schema and says {said:?}", contender.name),
    }
}

/// The seconds that the contender says an enqueueing verb took.
pub(crate) async fn took(stores: &Stores, contender: &Contender, verb: &str) -> Result<f64> {
    match Child::start(contender, verb, stores)?.answer().await? {
        Said::Took { seconds } => Ok(seconds),
        said => bail!("{} was to enqueue and says {said:?}", contender.name),
    }
}

/// Jobs a second, from the worker's first claim until the store holds no unfinished job.
pub(crate) async fn throughput(stores: &Stores, contender: &Contender, backlog: u64) -> Result<f64> {
    if !Observer::of(stores, contender).await?.unfinished().await? {
        bail!("{} has no backlog to work off", contender.name);
    }
    let (begin, end) = work_off(stores, contender, backlog).await?;
    Ok(per_second(backlog, end - begin))
}

/// Has one worker handle so many jobs. Answers with the moment of its first claim and the one at which the store was
/// without unfinished jobs.
///
/// While jobs are handled nobody looks at the store. The moment that counts is the beginning of the look that finds
/// nothing, because what it shows was so when it began.
pub(crate) async fn work_off(stores: &Stores, contender: &Contender, jobs: u64) -> Result<(i64, i64)> {
    let mut observer = Observer::of(stores, contender).await?;
    let mut worker = Child::start(contender, &format!("work {jobs}"), stores)?;
    let Said::Claiming { at: begin } = worker.said().await? else {
        bail!("{} doesn't say when it begins to claim", contender.name)
    };
    match worker.said().await? {
        Said::Handled { jobs: handled } if handled == jobs => {}
        said => bail!("{} was to handle {jobs} jobs and says {said:?}", contender.name),
    }
    let end = all_finished(&mut observer, contender).await?;
    match worker.stop().await? {
        Some(Said::Stopped { jobs: handled }) if handled == jobs => Ok((begin, end)),
        said => bail!("{} was to run {jobs} jobs once each and says {said:?}", contender.name),
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
        Err(_) => bail!("{} has handled every job, but doesn't ack the last ones", contender.name),
    }
}

/// Milliseconds from the return of each enqueue in one process to the start of its handler in another, sorted.
async fn latencies(stores: &Stores, contender: &Contender) -> Result<Vec<f64>> {
    let mut worker = Child::start(contender, "announce", stores)?;
    let Said::Claiming { .. } = worker.said().await? else {
        bail!("{} doesn't say when it begins to claim", contender.name)
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
            (one, other) => bail!("{} was to dispatch a job and says {one:?}, {other:?}", contender.name),
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

/// Jobs a second.
pub(crate) fn per_second(jobs: u64, nanoseconds: i64) -> f64 {
    rate(jobs, seconds(nanoseconds))
}

#[expect(clippy::cast_precision_loss, reason = "at most millions")]
fn rate(jobs: u64, seconds: f64) -> f64 {
    jobs as f64 / seconds
}
