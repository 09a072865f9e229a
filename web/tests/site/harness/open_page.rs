//! An open page of a hub, kept current as its script does it (`web/static/hub.js`, `web/static/live/line.js`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pawdium_shared::cache::{Cached as _, Whole};
use pawdium_shared::db::Db;
use pawdium_shared::hubs::queries;
use pawdium_widgets::cached::CachedWidget;
use pawdium_widgets::{find_kind, layout};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::client::{Answer, Pages, select};
use super::site::Site;
use super::stream::{Event, Stream};

/// After so long without a byte, a line is dead.
const DEAD: Duration = Duration::from_mins(1);

/// The spread of looks after a reset, in milliseconds.
const RESET_SPREAD: u64 = 2000;

/// What a page shows: the version of the layout, and of each widget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) layout: i64,
    pub(crate) widgets: BTreeMap<i64, u64>,
}

/// A page that is open until it is dropped.
pub(crate) struct OpenPage {
    page: Arc<Page>,
    tasks: [JoinHandle<()>; 2],
}

struct Page {
    pages: Pages,
    slug: String,
    state: Mutex<State>,
    look_wanted: Notify,
}

#[derive(Default)]
struct State {
    shown: Shown,
    /// The HTML of each widget.
    html: HashMap<i64, String>,
    /// The latest version that the page was told of widgets that are being loaded.
    told: HashMap<i64, u64>,
    looks: usize,
    streams: usize,
}

/// Something that failed and is tried again.
struct Failed;

impl From<reqwest::Error> for Failed {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl OpenPage {
    /// Opens a hub's page. Returns as soon as the page has a stream.
    pub(crate) async fn of(pages: &Pages, slug: &str) -> Self {
        let (pages, slug) = (pages.clone(), slug.to_owned());
        let page = Arc::new(Page { pages, slug, state: Mutex::default(), look_wanted: Notify::new() });
        page.take_columns().await.unwrap_or_else(|Failed| panic!("{} doesn't open", page.slug));
        let tasks =
            [tokio::spawn(follow(Arc::clone(&page))), tokio::spawn(look_when_wanted(Arc::clone(&page)))];
        let open = Self { page, tasks };
        super::eventually("the page has a stream", super::SOON, async || (open.looks() > 0).then_some(()))
            .await;
        open
    }

    pub(crate) fn shown(&self) -> Shown {
        self.page.state.lock().shown.clone()
    }

    /// What a widget's part looks like.
    pub(crate) fn html(&self, widget: i64) -> String {
        self.page.state.lock().html.get(&widget).cloned().unwrap_or_default()
    }

    /// How often it asked for all versions.
    pub(crate) fn looks(&self) -> usize {
        self.page.state.lock().looks
    }

    /// How many streams it has had.
    pub(crate) fn streams(&self) -> usize {
        self.page.state.lock().streams
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Waits for anything up to a bound that doubles with each failure.
fn wait_after(failures: u32) -> Duration {
    let bound = (500_u64 << failures.min(6)).min(30_000);
    Duration::from_millis(rand::random_range(500..=bound.max(501)))
}

/// Has a stream, again and again.
async fn follow(page: Arc<Page>) {
    let (mut last, mut covered, mut failures) = (String::new(), false, 0);
    loop {
        covered &= !last.is_empty();
        let wait = if let Ok(wait) = page.read(&mut last, &mut covered, &mut failures).await {
            wait
        } else {
            failures += 1;
            wait_after(failures)
        };
        sleep(wait).await;
    }
}

async fn look_when_wanted(page: Arc<Page>) {
    loop {
        page.look_wanted.notified().await;
        let mut wait = Duration::from_secs(1);
        while page.look().await.is_err() {
            sleep(wait.mul_f64(rand::random_range(0.5..1.5))).await;
            wait = (wait * 2).min(Duration::from_secs(30));
        }
    }
}

impl Page {
    fn path(&self, rest: &str) -> String {
        format!("/h/{}{rest}", self.slug)
    }

    async fn get(&self, rest: &str) -> Result<Answer, Failed> {
        let request = self.pages.request(Method::GET, &self.path(rest));
        // The whole page must be the current one.
        let request = if rest.is_empty() { request.header("cache-control", "no-cache") } else { request };
        Ok(Answer::try_to(request).await?)
    }

    /// Reads a stream to its end. Returns how long to wait before the next one.
    async fn read(
        self: &Arc<Self>,
        last: &mut String,
        covered: &mut bool,
        failures: &mut u32,
    ) -> Result<Duration, Failed> {
        let request = self.pages.request(Method::GET, &format!("/live?hub={}", self.slug));
        let request = if last.is_empty() { request } else { request.header("last-event-id", &*last) };
        let response = timeout(DEAD, request.send()).await.map_err(|_| Failed)??;
        if !response.status().is_success() {
            *failures += 1;
            self.look_wanted.notify_one();
            return Ok(wait_after(*failures).max(Duration::from_secs(10)));
        }
        let mut stream = Stream::of(response);
        let mut begun = false;
        loop {
            let Some(chunk) = timeout(DEAD, stream.response.chunk()).await.map_err(|_| Failed)?? else {
                break;
            };
            stream.push(&chunk);
            while let Some(event) = stream.frame() {
                self.take(&event);
            }
            if !stream.last_id.is_empty() {
                last.clone_from(&stream.last_id);
            }
            if !begun {
                self.state.lock().streams += 1;
                if !*covered {
                    self.look_wanted.notify_one();
                }
                (begun, *covered, *failures) = (true, true, 0);
            }
        }
        Ok(if stream.retry > 0 { Duration::from_millis(stream.retry) } else { wait_after(1) })
    }

    fn take(self: &Arc<Self>, event: &Event) {
        match event.name.as_str() {
            "widget" => {
                let number = |key: &str| event.data[key].as_u64().expect("a number");
                let (version, spread) = (number("version"), number("spread"));
                self.refresh(event.data["widget"].as_i64().expect("an id"), version, spread);
            }
            "changed" => self.look_wanted.notify_one(),
            "reset" => {
                let page = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(Duration::from_millis(rand::random_range(0..RESET_SPREAD))).await;
                    page.look_wanted.notify_one();
                });
            }
            "" => {}
            other => panic!("what is {other}?"),
        }
    }

    /// Loads a widget's new version, unless a load is under way, which then loads this one as well.
    fn refresh(self: &Arc<Self>, widget: i64, version: u64, spread: u64) {
        {
            let mut state = self.state.lock();
            if state.shown.widgets.get(&widget).is_none_or(|shown| *shown == version) {
                return;
            }
            if state.told.insert(widget, version).is_some() {
                return;
            }
        }
        let page = Arc::clone(self);
        tokio::spawn(async move {
            sleep(Duration::from_millis(rand::random_range(0..=spread))).await;
            loop {
                let wanted = page.state.lock().told.get(&widget).copied().unwrap_or_default();
                let loaded = page.load(widget, Some(wanted)).await;
                let mut state = page.state.lock();
                if loaded.is_err() {
                    page.look_wanted.notify_one();
                }
                if loaded.is_err() || state.told.get(&widget) == Some(&wanted) {
                    state.told.remove(&widget);
                    return;
                }
            }
        });
    }

    async fn load(&self, widget: i64, version: Option<u64>) -> Result<(), Failed> {
        let query = version.map_or_else(String::new, |version| format!("?v={version}"));
        let answer = self.get(&format!("/w/{widget}{query}")).await?;
        let state = &mut *self.state.lock();
        match answer.status {
            200 => {
                if let Some(shown) = state.shown.widgets.get_mut(&widget) {
                    *shown = answer.header("etag").trim_matches('"').parse().map_err(|_| Failed)?;
                    state.html.insert(widget, answer.text());
                    // The server couldn't load it in time.
                    return if *shown == 0 { Err(Failed) } else { Ok(()) };
                }
                Ok(())
            }
            404 => {
                state.shown.widgets.remove(&widget);
                Ok(())
            }
            _ => Err(Failed),
        }
    }

    async fn look(self: &Arc<Self>) -> Result<(), Failed> {
        let answer = self.get("/versions").await?;
        if answer.status != 200 {
            return Err(Failed);
        }
        let versions = answer.json();
        let layout = self.state.lock().shown.layout;
        if versions["layout"].as_i64() != Some(layout) {
            self.take_columns().await?;
        }
        for (widget, version) in versions["widgets"].as_object().into_iter().flatten() {
            let widget = widget.parse().map_err(|_| Failed)?;
            self.refresh(widget, version.as_u64().unwrap_or_default(), 0);
        }
        for widget in versions["personal"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
            self.load(widget, None).await?;
        }
        self.state.lock().looks += 1;
        let mut versions = versions["widgets"].as_object().into_iter().flatten();
        if versions.any(|(_, version)| *version == 0) { Err(Failed) } else { Ok(()) }
    }

    /// Loads the whole page.
    async fn take_columns(&self) -> Result<(), Failed> {
        let answer = self.get("").await?;
        if answer.status != 200 {
            return Err(Failed);
        }
        let html = answer.html();
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let mut state = self.state.lock();
        let page = html.select(&select("[data-hub]")).next().ok_or(Failed)?;
        state.shown.layout = number(page.attr("data-layout")).ok_or(Failed)?;
        state.shown.widgets.clear();
        for widget in html.select(&select("[data-widget]")) {
            let id = number(widget.attr("data-widget")).ok_or(Failed)?;
            let version = widget.attr("data-version").and_then(|text| text.parse().ok()).ok_or(Failed)?;
            state.shown.widgets.insert(id, version);
            state.html.insert(id, widget.html());
        }
        Ok(())
    }
}

impl Site {
    /// What the database says that a hub's page shows, of the widgets that are the same for everybody. Nothing of it
    /// comes from a cache.
    pub(crate) async fn truth(&self, slug: &str) -> Shown {
        // On a busy machine a widget may fail, because it took too long.
        super::eventually("all widgets are loaded", super::SOON, async || self.load_truth(slug).await).await
    }

    async fn load_truth(&self, slug: &str) -> Option<Shown> {
        let db = Db::from(self.db.clone());
        let mut connection = db.acquire().await.expect("a connection");
        let hub =
            queries::find_by_slug(&mut connection, slug).await.expect("it is asked").expect("it is there");
        let placed = layout::list(&mut connection, hub.id).await.expect("they are listed");
        drop(connection);
        let is_shared = |kind: &str| find_kind(kind).is_some_and(|kind| !kind.personal);
        let these: Vec<_> = placed
            .iter()
            .filter(|placed| is_shared(&placed.kind))
            .map(|placed| CachedWidget { hub: hub.id, widget: placed.id })
            .collect();
        let loaded = CachedWidget::load(&these, Whole, &db).await.expect("they are loaded");
        let are_whole = loaded.iter().all(|(_, loaded)| loaded.data.is_some());
        let widgets = loaded.into_iter().map(|(one, loaded)| (one.widget.0, loaded.version)).collect();
        are_whole.then_some(Shown { layout: hub.layout_version, widgets })
    }
}
