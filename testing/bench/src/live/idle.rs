//! Many idle streams beside a few busy ones (S3).

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::StreamExt as _;
use pawdium_bench::processor;
use pawdium_shared::ids::WidgetId;
use pawdium_shared::live::{self, Note, Topic};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::peer::{Peer, RunningPeer};
use crate::seed::watched_slug;
use crate::site::{LiveSite, WATCHED};
use crate::stream::{News, Stream};

/// Hubs that change.
const BUSY: usize = 10;

/// Changes a second.
const RATE: u32 = 500;

/// How long they go on.
const SPAN: Duration = Duration::from_secs(10);

/// Streams that are opened and closed before, so that what the server needs once doesn't count for the others.
const WARM_UP: usize = 500;

/// Streams that open at once.
const AT_ONCE: usize = 64;

/// How long the last changes may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    pub(crate) streams: usize,
    /// Resident memory of the server for each stream, in bytes.
    pub(crate) bytes: f64,
    /// Processors that the server uses during the changes.
    pub(crate) cores: f64,
    /// Changes that were made a second.
    pub(crate) rate: f64,
    /// Frames that clients got a second.
    pub(crate) frames: f64,
    /// Streams that ended, or didn't get to know the last change.
    pub(crate) stale: usize,
}

pub(crate) async fn measure(site: &mut LiveSite, streams: usize) -> Result<Idle> {
    let (redis, hubs) = (site.redis.clone(), site.seeded.watched.clone());
    let path = |hub| format!("/live?hub={}", watched_slug(hub));
    let server = (site.site.address, site.site.web.pid()?);
    let change = async |hub: usize, version| {
        let note = Note::Widget { id: WidgetId(i64::try_from(hub)?), version };
        Ok(live::publish(&redis, &[(Topic::Hub(hubs[hub]), note)]).await?)
    };
    follow(server, streams, path, change).await
}

pub(crate) async fn measure_peer(peer: Peer, streams: usize) -> Result<Idle> {
    let mut running = RunningPeer::start(peer).await?;
    let server = (running.address, running.pid()?);
    let path = |hub| format!("/live?hub={hub}");
    let idle = follow(server, streams, path, async |hub, _| running.change(hub).await).await;
    running.stop().await?;
    idle
}

/// What streams have got: frames, and the last version of each hub by stream.
#[derive(Debug, Default)]
struct Heard {
    frames: u64,
    last: HashMap<usize, u64>,
}

/// Clients watch hubs in turn. The first hubs change.
async fn follow(
    (address, pid): (SocketAddr, u32),
    streams: usize,
    path: impl Fn(usize) -> String,
    mut change: impl AsyncFnMut(usize, u64) -> Result<()>,
) -> Result<Idle> {
    let heard = Rc::new(RefCell::new(Heard::default()));
    drop(open(address, WARM_UP, &path, &Rc::default()).await?);
    sleep(Duration::from_secs(1)).await;
    let before = resident(pid)?;
    let mut clients = open(address, streams, &path, &heard).await?;
    sleep(Duration::from_secs(2)).await;
    let used = processor::seconds(&[pid])?;
    let begin = Instant::now();
    let (mut versions, mut changes) = ([0; BUSY], 0);
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while begin.elapsed() < SPAN {
        ticks.tick().await;
        let hub = changes % BUSY;
        versions[hub] += 1;
        change(hub, versions[hub]).await?;
        changes += 1;
    }
    let made = begin.elapsed().as_secs_f64();
    let watching = |client: usize| versions.get(client % WATCHED).copied();
    let is_stale = |heard: &Heard, client| {
        watching(client).is_some_and(|version| heard.last.get(&client).is_none_or(|last| *last < version))
    };
    let arrived = async {
        while (0..streams).any(|client| is_stale(&heard.borrow(), client)) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    // A peer may drop changes that a client was too slow for. That is counted.
    let _ = timeout(PATIENCE, arrived).await;
    let took = begin.elapsed().as_secs_f64();
    let cores = (processor::seconds(&[pid])? - used) / took;
    let stale = (0..streams).filter(|client| is_stale(&heard.borrow(), *client)).count();
    let mut ended = 0;
    while let Some(client) = clients.try_join_next() {
        client??;
        ended += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts and bytes stay far below 2^52")]
    let idle = Idle {
        streams,
        bytes: resident(pid)?.saturating_sub(before) as f64 / streams as f64,
        cores,
        rate: changes as f64 / made,
        frames: heard.borrow().frames as f64 / took,
        stale: stale + ended,
    };
    Ok(idle)
}

async fn open(
    address: SocketAddr,
    count: usize,
    path: &impl Fn(usize) -> String,
    heard: &Rc<RefCell<Heard>>,
) -> Result<JoinSet<Result<()>>> {
    let mut running = JoinSet::new();
    let opening = futures::stream::iter(0..count)
        .map(async |number| {
            anyhow::Ok((number, Stream::open(address, &path(number % WATCHED), number, "").await?))
        })
        .buffer_unordered(AT_ONCE);
    let mut opening = std::pin::pin!(opening);
    while let Some(opened) = opening.next().await {
        let (number, stream) = opened.context("opening a stream")?;
        running.spawn_local(listen(number, stream, Rc::clone(heard)));
    }
    Ok(running)
}

async fn listen(number: usize, mut stream: Stream, heard: Rc<RefCell<Heard>>) -> Result<()> {
    loop {
        match stream.next().await? {
            News::Widget(told) => {
                let mut heard = heard.borrow_mut();
                heard.frames += 1;
                heard.last.insert(number, told.version);
            }
            News::Reset => bail!("a stream that was never cut was told to look at everything"),
            News::End => return Ok(()),
        }
    }
}

/// The resident memory of a process, in bytes.
fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("a process has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("it has memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    ensure!(kilobytes > 0, "a process has no memory");
    Ok(kilobytes << 10)
}
