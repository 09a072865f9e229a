//! Pages that are open in browsers: each has a stream, and loads a part when it is told that it has changed, as the
//! site's script does (`web/static/hub.js`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::StreamExt as _;
use pawdium_bench::http::Connection;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::stream::{News, Stream, Told};

/// How many pages open at once.
const AT_ONCE: usize = 32;

/// How long pages may take to show a change.
const PATIENCE: Duration = Duration::from_secs(20);

/// What pages load and from where.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) server: SocketAddr,
    /// The path of the stream.
    pub(crate) live: String,
    /// The path of a part, up to its widget's id.
    pub(crate) part: String,
}

/// A part that a page has loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loaded {
    pub(crate) page: usize,
    pub(crate) widget: i64,
    pub(crate) version: u64,
    pub(crate) at: Instant,
}

/// Open pages. Dropping them closes them.
#[derive(Debug)]
pub(crate) struct Pages {
    count: usize,
    loaded: Rc<RefCell<Vec<Loaded>>>,
    running: JoinSet<Result<()>>,
}

impl Pages {
    /// Opens pages. Must be called in a `LocalSet`.
    pub(crate) async fn open(served: &Served, count: usize) -> Result<Self> {
        let loaded = Rc::new(RefCell::new(Vec::new()));
        let mut running = JoinSet::new();
        let opening = futures::stream::iter(0..count)
            .map(async |number| {
                anyhow::Ok((number, Stream::open(served.server, &served.live, number, "").await?))
            })
            .buffer_unordered(AT_ONCE);
        let mut opening = std::pin::pin!(opening);
        while let Some(opened) = opening.next().await {
            let (number, stream) = opened.context("opening a page")?;
            let (served, loaded) = (served.clone(), Rc::clone(&loaded));
            let page = Page { number, served, stream, connection: None, due: HashMap::new(), loaded };
            running.spawn_local(page.live());
        }
        Ok(Self { count, loaded, running })
    }

    /// Waits until each page has loaded this widget, in the same version, after `begin`. Returns the seconds that each
    /// took.
    pub(crate) async fn until_all_show(&mut self, widget: i64, begin: Instant) -> Result<Vec<f64>> {
        let waiting = async {
            loop {
                if let Some(ended) = self.running.try_join_next() {
                    ended??;
                    bail!("a page was closed");
                }
                if let Some(times) = self.shown(widget, begin) {
                    return Ok(times);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| {
            let parts = self.loaded.borrow().iter().filter(|one| one.at > begin).count();
            bail!(
                "after {PATIENCE:?}, not all of {} pages show the change; they have loaded {parts} parts",
                self.count
            )
        })
    }

    fn shown(&self, widget: i64, begin: Instant) -> Option<Vec<f64>> {
        let loaded = self.loaded.borrow();
        if loaded.len() < self.count {
            return None;
        }
        let since = loaded.partition_point(|one| one.at <= begin);
        let of_widget = || loaded[since..].iter().filter(|one| one.widget == widget);
        let last = of_widget().next_back()?.version;
        // The first time that each page shows it.
        let mut first = HashMap::with_capacity(self.count);
        for one in of_widget().filter(|one| one.version == last) {
            first.entry(one.page).or_insert(one.at);
        }
        (first.len() == self.count)
            .then(|| first.values().map(|at| at.duration_since(begin).as_secs_f64()).collect())
    }

    /// When the last part was loaded since `begin`, in seconds, and how many were.
    pub(crate) fn last(&self, begin: Instant) -> Option<(f64, usize)> {
        let loaded = self.loaded.borrow();
        let since: Vec<_> = loaded.iter().filter(|one| one.at > begin).collect();
        let last = since.iter().map(|one| one.at).max()?;
        Some((last.duration_since(begin).as_secs_f64(), since.len()))
    }
}

/// One page.
struct Page {
    number: usize,
    served: Served,
    stream: Stream,
    /// For its parts.
    connection: Option<Connection>,
    /// When to load which version of a widget.
    due: HashMap<i64, (Instant, u64)>,
    loaded: Rc<RefCell<Vec<Loaded>>>,
}

impl Page {
    async fn live(mut self) -> Result<()> {
        loop {
            let next = self.due.iter().min_by_key(|(_, (at, _))| *at).map(|(widget, (at, _))| (*widget, *at));
            let (widget, at) = next.unwrap_or_else(|| (0, Instant::now() + PATIENCE));
            tokio::select! {
                news = self.stream.next() => match news? {
                    News::Widget(told) => self.plan(told),
                    News::Reset => bail!("a page was told to look at everything"),
                    News::End => bail!("a stream has ended"),
                },
                () = sleep_until(at) => if let Some((_, version)) = self.due.remove(&widget) {
                    self.load(widget, version).await?;
                }
            }
        }
    }

    /// A widget that waits to be loaded is loaded in its latest version.
    fn plan(&mut self, Told { widget, version, spread }: Told) {
        let due = || Instant::now() + Duration::from_millis(spread).mul_f64(rand::random());
        self.due.entry(widget).or_insert_with(|| (due(), version)).1 = version;
    }

    async fn load(&mut self, widget: i64, version: u64) -> Result<()> {
        let request = format!(
            "GET {}{widget}?v={version} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\naccept-encoding: gzip, deflate, br\r\n\
             sec-fetch-site: same-origin\r\n\r\n",
            self.served.part,
        );
        let mut answered = None;
        if let Some(mut connection) = self.connection.take() {
            // The server closes connections that are idle for long.
            answered =
                connection.ask(request.as_bytes()).await.ok().map(|(status, _)| status).zip(Some(connection));
        }
        let (status, connection) = if let Some(answered) = answered {
            answered
        } else {
            let mut connection = Connection::open(self.served.server).await?;
            (connection.ask(request.as_bytes()).await?.0, connection)
        };
        ensure!(status == 200, "a part was answered with {status}");
        let connection = self.connection.insert(connection);
        // A page that was told of a version may get a later one, and is told of that, as well.
        let shown = connection.header("etag").and_then(|tag| tag.trim_matches('"').parse().ok());
        let version = shown.context("a part doesn't say its version")?;
        self.loaded.borrow_mut().push(Loaded { page: self.number, widget, version, at: Instant::now() });
        Ok(())
    }
}
