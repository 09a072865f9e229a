//! Clients that were cut off while things changed (S4).

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::StreamExt as _;
use pawdium_bench::stores::Stores;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{self, Note, Topic};
use pawdium_shared::redis::Redis;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::redis_use::commands;
use crate::seed::watched_slug;
use crate::site::LiveSite;
use crate::stream::{News, Stream};

const CLIENTS: usize = 1000;

/// Hubs that they watch, and widgets on each.
const HUBS: usize = 20;
const WIDGETS: usize = 10;

/// Changes a second.
const RATE: u32 = 200;

/// How long all are cut off.
const CUT: Duration = Duration::from_secs(5);

/// How long changes go on, without a cut and then with one at the beginning.
const SPAN: Duration = Duration::from_secs(10);

/// Streams that open at once.
const AT_ONCE: usize = 64;

/// How long the last changes may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// The figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reconnect {
    pub(crate) clients: usize,
    /// Seconds from the end of the cut until all streams were open again.
    pub(crate) reopened: f64,
    /// Clients that know another version than the server's at the end.
    pub(crate) stale: usize,
    /// Clients that were told to look at everything, because the server couldn't tell what they had missed.
    pub(crate) resets: usize,
    /// Redis commands beyond those of as many seconds without a cut.
    pub(crate) commands: u64,
}

/// The last version of each widget by hub.
type Versions = HashMap<(usize, i64), u64>;

/// What all clients share.
#[derive(Debug, Default)]
struct Shared {
    /// The last version of each widget by client.
    known: RefCell<HashMap<(usize, i64), u64>>,
    resets: RefCell<usize>,
    reopened: RefCell<usize>,
}

pub(crate) async fn measure(site: &mut LiveSite, stores: &mut Stores) -> Result<Reconnect> {
    site.rest(stores).await?;
    let shared = Rc::new(Shared::default());
    let (cut, is_cut) = watch::channel(());
    let mut clients = open(site, &shared, &is_cut).await?;
    let hubs = &site.seeded.watched[..HUBS];
    let mut versions = Versions::new();
    let mut redis = stores.redis();
    let undisturbed = count(&mut redis, &site.redis, hubs, &mut versions).await?;
    cut.send_replace(());
    let begin = Instant::now();
    let reopening = async {
        while *shared.reopened.borrow() < CLIENTS {
            sleep(Duration::from_millis(5)).await;
        }
        begin.elapsed().saturating_sub(CUT).as_secs_f64()
    };
    let counting = count(&mut redis, &site.redis, hubs, &mut versions);
    let (disturbed, reopened) = tokio::join!(counting, timeout(SPAN + PATIENCE, reopening));
    let reopened = reopened.context("not all clients came back")?;
    let arrived = async {
        while stale(&shared, &versions) > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    // What is stale after that is counted.
    let _ = timeout(PATIENCE, arrived).await;
    if let Some(ended) = clients.try_join_next() {
        ended??;
    }
    Ok(Reconnect {
        clients: CLIENTS,
        reopened,
        stale: stale(&shared, &versions),
        resets: *shared.resets.borrow(),
        commands: disturbed?.beyond(&undisturbed),
    })
}

async fn open(
    site: &LiveSite,
    shared: &Rc<Shared>,
    is_cut: &watch::Receiver<()>,
) -> Result<JoinSet<Result<()>>> {
    let mut running = JoinSet::new();
    let server = site.site.address;
    let opening = futures::stream::iter(0..CLIENTS)
        .map(async |number| anyhow::Ok((number, Stream::open(server, &path(number), number, "").await?)))
        .buffer_unordered(AT_ONCE);
    let mut opening = std::pin::pin!(opening);
    while let Some(opened) = opening.next().await {
        let (number, stream) = opened.context("opening a stream")?;
        running.spawn_local(stay(number, server, stream, Rc::clone(shared), is_cut.clone()));
    }
    Ok(running)
}

/// Listens, is cut off when all are, and resumes after what it has heard.
async fn stay(
    number: usize,
    server: SocketAddr,
    mut stream: Stream,
    shared: Rc<Shared>,
    mut is_cut: watch::Receiver<()>,
) -> Result<()> {
    loop {
        tokio::select! {
            news = stream.next() => match news? {
                News::Widget(told) => {
                    shared.known.borrow_mut().insert((number, told.widget), told.version);
                }
                News::Reset => *shared.resets.borrow_mut() += 1,
                News::End => bail!("a stream has ended"),
            },
            cut = is_cut.changed() => {
                cut?;
                let last_id = std::mem::take(&mut stream.last_id);
                drop(stream);
                sleep(CUT).await;
                stream = loop {
                    match Stream::open(server, &path(number), number, &last_id).await {
                        Ok(stream) => break stream,
                        // As the site's script does.
                        Err(_) => sleep(Duration::from_millis(rand::random_range(500..1000))).await,
                    }
                };
                *shared.reopened.borrow_mut() += 1;
            }
        }
    }
}

fn path(client: usize) -> String {
    format!("/live?hub={}", watched_slug(client % HUBS))
}

/// Clients that don't know the last version of each widget of their hub.
fn stale(shared: &Shared, versions: &Versions) -> usize {
    let known = shared.known.borrow();
    let is_current = |client: usize| {
        let mut of_hub = versions.iter().filter(|((hub, _), _)| *hub == client % HUBS);
        of_hub.all(|((_, widget), version)| known.get(&(client, *widget)) == Some(version))
    };
    (0..CLIENTS).filter(|client| !is_current(*client)).count()
}

/// What changes cost.
struct Cost {
    published: u64,
    calls: BTreeMap<String, u64>,
}

impl Cost {
    /// The commands beyond those of `other`, which took as long. Changes are written by one command each and read by at
    /// most one each, and a read without news ends after two seconds.
    fn beyond(&self, other: &Self) -> u64 {
        let of = |cost: &Self, command: &str| cost.calls.get(command).copied().unwrap_or(0);
        let beyond = |command: &String| match command.as_str() {
            "info" => 0,
            "xadd" => of(self, command).saturating_sub(self.published),
            "xread" => of(self, command).saturating_sub(self.published + SPAN.as_secs() / 2),
            _ => of(self, command).saturating_sub(of(other, command)),
        };
        self.calls.keys().map(beyond).sum()
    }
}

/// Changes widgets of the hubs in turn for [`SPAN`].
async fn count(
    commands_of: &mut MultiplexedConnection,
    redis: &Redis,
    hubs: &[HubId],
    versions: &mut Versions,
) -> Result<Cost> {
    let before = commands(commands_of).await?;
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begin, mut published) = (Instant::now(), 0);
    while begin.elapsed() < SPAN {
        ticks.tick().await;
        let number = usize::try_from(published)?;
        let (hub, widget) = (number % HUBS, i64::try_from(number / HUBS % WIDGETS)?);
        let version = versions.entry((hub, widget)).or_default();
        *version += 1;
        let note = Note::Widget { id: WidgetId(widget), version: *version };
        live::publish(redis, &[(Topic::Hub(hubs[hub]), note)]).await?;
        published += 1;
    }
    let mut calls = commands(commands_of).await?;
    for (command, count) in &mut calls {
        *count -= before.get(command).copied().unwrap_or(0);
    }
    Ok(Cost { published, calls })
}
