//! Widgets' data in the cache.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use pawdium_shared::cache::{Cached, Kind as CachedKind, Listed, Lookup, News, Notes, Reloaded, Whole};
use pawdium_shared::db::Db;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{Note, Topic};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::layout::{self, Placed};
use crate::{KINDS, Kind, Viewer, find_kind};

/// How long a widget may load.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The most connections that one page's loading takes at a time.
const TOGETHER: usize = 4;

/// All kinds of cached data.
pub fn kinds() -> impl Iterator<Item = CachedKind> {
    pawdium_shared::cached::KINDS.iter().copied().chain([CachedKind::reloaded::<CachedWidget>()])
}

/// A widget whose data is the same for all viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedWidget {
    /// Its hub.
    pub hub: HubId,
    /// The widget.
    pub widget: WidgetId,
}

/// What loading a widget brought.
#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// The name of its kind.
    pub kind: Cow<'static, str>,
    /// When it was loaded.
    pub as_of: DateTime<Utc>,
    /// How old it may get, in seconds.
    pub max_age: i64,
    /// Equal data has equal versions: 53 bits of its hash, which JavaScript can hold.
    pub version: u64,
    /// The data; `None` if it couldn't be loaded.
    pub data: Option<Box<RawValue>>,
    /// Why it couldn't be loaded, for operators.
    pub error: Option<String>,
}

impl Loaded {
    /// The data, or an error with the name of the kind.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.data.as_deref().map(RawValue::get)
    }

    fn new(kind: &'static str, max_age: Duration, outcome: Result<String, String>) -> Self {
        let (data, error) = match outcome.map(RawValue::from_string) {
            Ok(Ok(data)) => (Some(data), None),
            Ok(Err(error)) => (None, Some(error.to_string())),
            Err(error) => (None, Some(error)),
        };
        Self {
            kind: Cow::Borrowed(kind),
            as_of: Utc::now(),
            max_age: i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX),
            version: data.as_deref().map_or(0, |data| version(data.get())),
            data,
            error,
        }
    }
}

/// The version of data: 53 bits of its hash.
#[must_use]
pub fn version(data: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(data.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(bytes) >> 11
}

impl Listed for CachedWidget {}

impl Cached for CachedWidget {
    const KIND: &'static str = "widget";

    type Part = Whole;
    type Data = Loaded;

    fn name(&self) -> String {
        format!("{}.{}", self.hub, self.widget)
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(Self::after(event, lookup).await?.0)
    }

    fn is_kept(loaded: &Loaded) -> bool {
        loaded.data.is_some()
    }

    fn is_current(loaded: &Loaded) -> bool {
        Utc::now() - loaded.as_of <= TimeDelta::seconds(loaded.max_age)
    }

    fn news(&self, loaded: &Loaded) -> Option<News> {
        Some(News { topic: self.shown_on(), widget: self.widget, version: loaded.version })
    }

    fn label(loaded: &Loaded) -> &'static str {
        find_kind(&loaded.kind).map_or(Self::KIND, |kind| kind.name)
    }

    fn error(loaded: &Loaded) -> Option<&str> {
        loaded.error.as_deref()
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, Loaded)>> {
        let ids: Vec<_> = these.iter().map(|one| one.widget).collect();
        let found = layout::find_each(&mut *db.acquire().await?, &ids).await?;
        let room = Arc::new(Semaphore::new(TOGETHER));
        let loading = found.into_iter().filter_map(|(hub, placed)| {
            let kind = find_kind(&placed.kind).filter(|kind| !kind.personal)?;
            let one = Self { hub: hub.id, widget: placed.id };
            let (db, room) = (db.clone(), Arc::clone(&room));
            Some(async move {
                let _turn = room.acquire().await;
                (one, load(kind, &placed, hub, Viewer::nobody(), db).await)
            })
        });
        Ok(join_all(loading).await)
    }
}

impl Reloaded for CachedWidget {
    fn parse(name: &str) -> Option<Self> {
        let (hub, widget) = name.split_once('.')?;
        Some(Self { hub: hub.parse().ok()?, widget: widget.parse().ok()? })
    }

    fn shown_on(&self) -> Topic {
        Topic::Hub(self.hub)
    }

    async fn after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<(Vec<Self>, Notes)> {
        let stale = find_stale(event, lookup).await?;
        let (personal, cached): (Vec<_>, Vec<_>) = stale.into_iter().partition(|(kind, _)| kind.personal);
        // Nobody knows what each viewer has, so every time counts as another version.
        let version = Utc::now().timestamp_millis().unsigned_abs();
        let personal =
            personal.into_iter().map(|(_, one)| (one.shown_on(), Note::Widget { id: one.widget, version }));
        let hubs = event.hubs().iter().copied();
        let page =
            hubs.flat_map(|hub| about_page(event).into_iter().map(move |note| (Topic::Hub(hub), note)));
        Ok((cached.into_iter().map(|(_, one)| one).collect(), page.chain(personal).collect()))
    }
}

/// What an event says about a hub's page itself.
fn about_page(event: &Event) -> Vec<Note> {
    match event {
        Event::LayoutChanged { .. } => vec![Note::Changed],
        // Its visibility may have changed.
        Event::HubChanged { .. } => vec![Note::Roles, Note::Changed],
        // Subscribing and starring open no hub and close none.
        Event::HubRolesChanged { hub, .. } if event.changes_members_of(*hub) => vec![Note::Roles],
        _ => Vec::new(),
    }
}

/// Loads widgets for a viewer, in the same order: a few at a time, so that no page takes all connections. All of them
/// together may take as long as one, so a page never waits for its slow widgets one after the other.
pub async fn load_each<'a>(
    these: impl IntoIterator<Item = (&'static Kind, &'a Placed)>,
    hub: &Arc<Hub>,
    viewer: &Viewer,
    db: &Db,
) -> Vec<Loaded> {
    let room = Arc::new(Semaphore::new(TOGETHER));
    let loading = these.into_iter().map(|(kind, placed)| {
        load_in_turn(kind, placed, Arc::clone(hub), viewer.clone(), db.clone(), Some(Arc::clone(&room)))
    });
    join_all(loading).await
}

/// Loads a widget on a connection of its own: whatever it does, the others on the page don't notice.
pub async fn load(kind: &'static Kind, placed: &Placed, hub: Arc<Hub>, viewer: Viewer, db: Db) -> Loaded {
    load_in_turn(kind, placed, hub, viewer, db, None).await
}

/// Like [`load`], as soon as there is room.
async fn load_in_turn(
    kind: &'static Kind,
    placed: &Placed,
    hub: Arc<Hub>,
    viewer: Viewer,
    db: Db,
    room: Option<Arc<Semaphore>>,
) -> Loaded {
    let config = placed.config.clone();
    let loading = tokio::spawn(async move {
        let _turn = match &room {
            Some(room) => Some(room.acquire().await?),
            None => None,
        };
        let mut connection = db.acquire().await?;
        kind.load(&config, &hub, &viewer, &mut connection).await
    });
    let stop = loading.abort_handle();
    let outcome = match tokio::time::timeout(PATIENCE, loading).await {
        Ok(Ok(Ok(json))) => Ok(json),
        Ok(Ok(Err(error))) => Err(format!("{error:#}")),
        Ok(Err(panic)) => Err(panic.to_string()),
        Err(_) => {
            stop.abort();
            Err(format!("it took longer than {} s", PATIENCE.as_secs()))
        }
    };
    if let Err(error) = &outcome {
        warn!(kind = kind.name, widget = %placed.id, error, "couldn't load a widget");
    }
    Loaded::new(kind.name, kind.max_age, outcome)
}

/// The widgets whose data an event changes: of the kinds that listen to it, in the hubs that it concerns. A widget that
/// was configured is stale, whatever its kind.
async fn find_stale(
    event: &Event,
    lookup: &mut Lookup<'_>,
) -> sqlx::Result<Vec<(&'static Kind, CachedWidget)>> {
    let stale = |hub, placed: &Placed| {
        find_kind(&placed.kind).map(|kind| (kind, CachedWidget { hub, widget: placed.id }))
    };
    if let Event::WidgetConfigured { hub, widget } = *event {
        let placed = layout::find(lookup.db().await?, hub, widget).await?;
        return Ok(placed.and_then(|placed| stale(hub, &placed)).into_iter().collect());
    }
    let listens = |kind: &&Kind| kind.listens.contains(&EventKind::from(event));
    let listening: Vec<_> = KINDS.iter().filter(listens).map(|kind| kind.name.to_owned()).collect();
    if listening.is_empty() {
        return Ok(Vec::new());
    }
    let mut concerned = layout::list_concerned(lookup.db().await?, event, &listening).await?;
    let follows = |kind: &&Kind| kind.follows && listens(kind);
    let following: Vec<_> = KINDS.iter().filter(follows).map(|kind| kind.name.to_owned()).collect();
    if !following.is_empty() {
        let known: HashSet<_> = concerned.iter().map(|(_, placed)| placed.id).collect();
        let others = layout::list_following(lookup.db().await?, event, &following).await?;
        concerned.extend(others.into_iter().filter(|(_, placed)| !known.contains(&placed.id)));
    }
    let is_stale = |(hub, placed): (Arc<Hub>, Placed)| {
        stale(hub.id, &placed).filter(|(kind, _)| kind.is_stale_after(&placed.config, &hub, event))
    };
    Ok(concerned.into_iter().filter_map(is_stale).collect())
}
