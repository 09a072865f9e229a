//! What is cached of hubs' pages, how well that works, and why a widget was loaded again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use chrono::{DateTime, TimeDelta, Utc};
use pawdium_shared::cache::{Cached as _, KindStats, Reloaded as _, Trace, Whole};
use pawdium_shared::hubs::Hub;
use pawdium_shared::mask::mask;
use pawdium_widgets::cached::CachedWidget;
use pawdium_widgets::coverage::{self, Coverage, Filter, KindCoverage, Widgets};
use pawdium_widgets::layout::{self, Placed};
use pawdium_widgets::{Kind, find_kind};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{
    CacheBoard, CacheKind, CachePage, CachedWidgetPage, HubWidget, Reload, ReloadList, WidgetState,
};
use crate::views::{Field, Fragment};

/// How long figures are shown. Counting takes a while on a site with many hubs, and open pages ask whenever a job has
/// ended.
const KEPT: Duration = Duration::from_secs(5);

/// The figures that were read last. Requests that come meanwhile wait for them.
#[derive(Debug, Default)]
pub struct LastFigures(Mutex<Option<(Instant, Arc<Figures>)>>);

#[derive(Debug)]
struct Figures {
    coverage: Coverage,
    stats: Vec<KindStats>,
    at: DateTime<Utc>,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HubQuery {
    /// A hub's slug, or `members/` and a name, to list its widgets.
    hub: String,
}

/// `GET /admin/cache`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<HubQuery>,
) -> Result<Page<CachePage>, Error> {
    let board = Fragment::render(&read(&app, viewing.may_act).await?).map_err(anyhow::Error::from)?;
    let mut hub = Field::of(query.hub.trim());
    let widgets = if hub.value.is_empty() { None } else { list_widgets(&app, &hub.value).await? };
    if widgets.is_none() && !hub.value.is_empty() {
        hub.error = Some("There is no such hub.".into());
    }
    Ok(Page(CachePage { chrome: viewing.chrome, board, hub, widgets: widgets.unwrap_or_default() }))
}

/// `GET /admin/cache/board`: the part that a live refresh fetches.
pub async fn board(State(app): State<App>, viewing: AdminViewing) -> Result<Page<CacheBoard>, Error> {
    Ok(Page(read(&app, viewing.may_act).await?))
}

/// `GET /admin/cache/{widget}`, as in `/admin/cache/3.42`: why a widget was loaded again.
pub async fn widget(
    State(app): State<App>,
    viewing: AdminViewing,
    Path(name): Path<String>,
) -> Result<Page<CachedWidgetPage>, Error> {
    let (hub, placed) = find(&app, &name).await?;
    let reloads = Fragment::render(&reloads(&app, &hub, &placed).await).map_err(anyhow::Error::from)?;
    let kind = find_kind(&placed.kind);
    Ok(Page(CachedWidgetPage {
        chrome: viewing.chrome,
        name,
        title: title(kind, &placed),
        kind: placed.kind,
        hub: hub.name.clone(),
        path: hub.path(),
        address: address(&hub),
        reloads,
    }))
}

/// `GET /admin/cache/{widget}/reloads`: the part that a live refresh fetches.
pub async fn widget_reloads(
    State(app): State<App>,
    _: AdminViewing,
    Path(name): Path<String>,
) -> Result<Page<ReloadList>, Error> {
    let (hub, placed) = find(&app, &name).await?;
    Ok(Page(reloads(&app, &hub, &placed).await))
}

/// The page that lists the widgets of a hub.
pub fn address(hub: &Hub) -> String {
    let hub = hub.slug.clone().unwrap_or_else(|| format!("members/{}", hub.name));
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("hub", &hub).finish();
    format!("/admin/cache?{query}")
}

async fn find(app: &App, name: &str) -> Result<(Arc<Hub>, Placed), Error> {
    let widget = CachedWidget::parse(name).filter(|widget| widget.name() == name).ok_or(Error::NotFound)?;
    let found = layout::find_each(&mut *app.db.acquire().await?, &[widget.widget]).await?.pop();
    found.filter(|(hub, _)| hub.id == widget.hub).ok_or(Error::NotFound)
}

fn title(kind: Option<&'static Kind>, placed: &Placed) -> String {
    kind.map_or_else(|| placed.kind.clone(), |kind| kind.title_of(&placed.config))
}

async fn list_widgets(app: &App, name: &str) -> Result<Option<Vec<HubWidget>>, Error> {
    let mut db = app.db.acquire().await?;
    let Some(hub) = coverage::find_hub(&mut db, name).await? else { return Ok(None) };
    let placed = layout::list(&mut db, hub).await?;
    let line = |placed: Placed| {
        let kind = find_kind(&placed.kind);
        HubWidget {
            name: CachedWidget { hub, widget: placed.id }.name(),
            title: title(kind, &placed),
            is_personal: kind.is_some_and(|kind| kind.personal),
            kind: placed.kind,
        }
    };
    Ok(Some(placed.into_iter().map(line).collect()))
}

async fn reloads(app: &App, hub: &Hub, placed: &Placed) -> ReloadList {
    let one = CachedWidget { hub: hub.id, widget: placed.id };
    let reloads = app.cache.traces(CachedWidget::KIND, &one.name()).await;
    ReloadList {
        name: one.name(),
        state: state(app, one, find_kind(&placed.kind)).await.unwrap_or(WidgetState::Unknown),
        reloads: reloads.unwrap_or_default().iter().map(reload).collect(),
        at: Utc::now(),
    }
}

/// What is cached of a widget. Fails if Redis is away.
async fn state(app: &App, one: CachedWidget, kind: Option<&'static Kind>) -> redis::RedisResult<WidgetState> {
    if kind.is_some_and(|kind| kind.personal) {
        return Ok(WidgetState::Personal);
    }
    if let Some(loaded) = app.cache.peek(&[one], Whole).await?.remove(&one) {
        return Ok(WidgetState::Current { as_of: loaded.as_of, version: loaded.version });
    }
    Ok(match app.cache.last(&[one]).await?.remove(&one) {
        Some(loaded) => WidgetState::Void { as_of: loaded.as_of },
        None => WidgetState::Missing,
    })
}

fn reload(trace: &Trace) -> Reload {
    Reload {
        event: trace.because.event.clone(),
        at: trace.because.recorded_at,
        triage_ms: millis(trace.triage()),
        waited_ms: millis(trace.waited()),
        load_ms: trace.ms,
        told_ms: millis(trace.telling()),
        took_ms: millis(trace.took()),
        outcome: trace.outcome,
    }
}

/// At least 0: the times come from several clocks.
#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn millis(time: TimeDelta) -> f64 {
    time.num_microseconds().unwrap_or(i64::MAX).max(0) as f64 / 1000.0
}

async fn read(app: &App, may_act: bool) -> Result<CacheBoard, Error> {
    Ok(match figures(app).await? {
        Some(figures) => CacheBoard {
            in_words: Some(figures.coverage.in_words()),
            kinds: kinds(&figures.coverage, figures.stats.clone(), may_act),
            at: figures.at,
        },
        None => CacheBoard { in_words: None, kinds: Vec::new(), at: Utc::now() },
    })
}

/// The figures, a few seconds old at most; `None` if Redis is away.
async fn figures(app: &App) -> Result<Option<Arc<Figures>>, Error> {
    let mut last = app.cache_figures.0.lock().await;
    if let Some((_, figures)) = last.as_ref().filter(|(read_at, _)| read_at.elapsed() < KEPT) {
        return Ok(Some(Arc::clone(figures)));
    }
    let widgets = Widgets::find(&mut *app.db.acquire().await?, &Filter::default()).await;
    let widgets = widgets.map_err(anyhow::Error::from)?;
    let read =
        async { redis::RedisResult::Ok((widgets.coverage(&app.cache).await?, app.cache.stats().await?)) };
    let Ok((coverage, stats)) = read.await else { return Ok(None) };
    let figures = Arc::new(Figures { coverage, stats, at: Utc::now() });
    *last = Some((Instant::now(), Arc::clone(&figures)));
    Ok(Some(figures))
}

/// The kinds of widgets in the order of the coverage, and then everything else that is cached.
fn kinds(coverage: &Coverage, mut stats: Vec<KindStats>, may_act: bool) -> Vec<CacheKind> {
    let mut lines = Vec::new();
    for covered in &coverage.kinds {
        let place = stats.iter().position(|stats| stats.label == covered.kind);
        let stats = place.map(|place| stats.remove(place));
        let stats =
            stats.unwrap_or_else(|| KindStats { label: covered.kind.to_owned(), ..KindStats::default() });
        lines.push(line(Some(covered), stats, may_act));
    }
    lines.extend(stats.into_iter().map(|stats| line(None, stats, may_act)));
    lines
}

fn line(covered: Option<&KindCoverage>, stats: KindStats, may_act: bool) -> CacheKind {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    CacheKind {
        cached: covered.map(|covered| count(covered.cached)),
        missing: covered.map(|covered| count(covered.missing)),
        median_age: covered.and_then(|covered| covered.median_age),
        oldest_age: covered.and_then(|covered| covered.oldest_age),
        hits: i64::try_from(stats.hits).unwrap_or(i64::MAX),
        hit_share: stats.hit_share(),
        p50_ms: stats.p50_ms,
        p95_ms: stats.p95_ms,
        unchanged_share: stats.unchanged_share(),
        failed: i64::try_from(stats.failed).unwrap_or(i64::MAX),
        error: stats.last_error.map(|error| if may_act { error } else { mask(&error).into_owned() }),
        name: stats.label,
    }
}
