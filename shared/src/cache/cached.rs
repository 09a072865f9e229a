//! Cached data. Each kind defines how its data is loaded and which events make it stale.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use super::{Cache, Group, Reload, Staleness};
use crate::db::Db;
use crate::events::Event;
use crate::ids::WidgetId;
use crate::jobs::cache::Because;
use crate::live::{Note, Topic};

/// An object whose data is cached: a photo, a list.
///
/// The data is the same for all viewers. What depends on the viewer is computed separately.
pub trait Cached: Listed + Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// The kind's name, the first word of its groups' names.
    const KIND: &'static str;

    /// State that all objects of the kind depend on and one event can change for all of them: a surrounding group.
    const AROUND: Option<Around> = None;

    /// Whether [`stale_after`](Self::stale_after) may ask the database. Then the actor's next page may be a moment
    /// early.
    const ASKS: bool = false;

    /// A part that is requested on its own, such as one page of a list. All parts go stale together.
    type Part: Copy + Debug + Display + Send + Sync + 'static;

    /// The data of a part.
    type Data: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name within its kind; empty if the kind has only one object.
    fn name(&self) -> String;

    /// The objects whose data an event makes stale.
    fn stale_after(
        event: &Event,
        lookup: &mut Lookup<'_>,
    ) -> impl Future<Output = sqlx::Result<Vec<Self>>> + Send;

    /// The topic of the open pages to notify when its data goes stale; none by default.
    fn topic(&self, _event: &Event) -> Option<Topic> {
        None
    }

    /// Whether data is worth storing.
    fn is_kept(_data: &Self::Data) -> bool {
        true
    }

    /// Whether stored data is young enough to be shown.
    fn is_current(_data: &Self::Data) -> bool {
        true
    }

    /// The version of data that open pages are told when it changes: see [`Reloaded`].
    fn news(&self, _data: &Self::Data) -> Option<News> {
        None
    }

    /// What the figures about it are counted under.
    fn label(_data: &Self::Data) -> &'static str {
        Self::KIND
    }

    /// Why the data couldn't be loaded, if it says so.
    fn error(_data: &Self::Data) -> Option<&str> {
        None
    }

    /// Loads one part of each of `these`, in any order. Omits objects that don't exist.
    fn load(
        these: &[Self],
        part: Self::Part,
        db: &Db,
    ) -> impl Future<Output = sqlx::Result<Vec<(Self, Self::Data)>>> + Send;

    /// Its group.
    fn group(&self) -> Group {
        let name = self.name();
        let name = if name.is_empty() { Self::KIND.to_owned() } else { format!("{}:{name}", Self::KIND) };
        Group::new(name, Self::AROUND.map(|around| around.name))
    }
}

/// Data that workers load again after an event, if it is cached or an open page shows it. Data of other kinds is
/// dropped, and the next page loads it.
///
/// Stale data stays in Redis, but is void until it is loaded again. A page falls back on it if loading fails. The
/// process that stores data with a new version tells the open pages in the same step. Equal data is not announced.
pub trait Reloaded: Cached<Part = Whole> {
    /// The object of this [name](Cached::name).
    fn parse(name: &str) -> Option<Self>;

    /// The topic of the open pages that show it.
    fn shown_on(&self) -> Topic;

    /// Like [`Cached::stale_after`], with what open pages are told about what is not cached, such as what differs from
    /// viewer to viewer.
    fn after(
        event: &Event,
        lookup: &mut Lookup<'_>,
    ) -> impl Future<Output = sqlx::Result<(Vec<Self>, Notes)>> + Send {
        async { Ok((Self::stale_after(event, lookup).await?, Vec::new())) }
    }
}

/// What open pages of some topics are told.
pub type Notes = Vec<(Topic, Note)>;

/// What open pages are told when data has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// The topic of the pages.
    pub topic: Topic,
    /// The widget that has changed.
    pub widget: WidgetId,
    /// The version of its data.
    pub version: u64,
}

impl News {
    /// The message to the topic.
    #[must_use]
    pub const fn told(self) -> (Topic, Note) {
        (self.topic, Note::Widget { id: self.widget, version: self.version })
    }
}

/// The part of objects that have only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole;

impl Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whole")
    }
}

/// State that all objects of a kind share.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The group's name.
    pub name: &'static str,
    /// Whether an event changes it, which makes all objects of the kind stale.
    pub is_stale_after: fn(&Event) -> bool,
}

/// The database, for kinds that need it to know what an event makes stale. Connects when it is first asked.
#[derive(Debug)]
pub struct Lookup<'a> {
    db: &'a Db,
    connection: Option<PoolConnection<Postgres>>,
}

impl<'a> Lookup<'a> {
    /// A lookup in this database.
    #[must_use]
    pub fn new(db: &'a Db) -> Self {
        Self { db, connection: None }
    }

    /// A connection, the same one each time.
    ///
    /// # Errors
    /// If none is available.
    pub async fn db(&mut self) -> sqlx::Result<&mut PgConnection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.db.acquire().await?,
        };
        Ok(self.connection.insert(connection))
    }
}

/// Marks the kinds in the list of [`cached`](crate::cached). Other kinds can't be cached, because no event would make
/// them stale.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not in the list of what is cached",
    note = "add it to the list in shared/src/cached.rs, so that events make it stale"
)]
pub trait Listed {}

type ReloadFn = for<'a> fn(&'a Cache, &'a Db, &'a str, &'a Because) -> BoxFuture<'a, anyhow::Result<Reload>>;

/// A kind with its type erased.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// [`Cached::KIND`].
    pub name: &'static str,
    asks: bool,
    stale: for<'a> fn(&'a Event, &'a mut Lookup<'_>) -> BoxFuture<'a, sqlx::Result<Stale>>,
    reload: Option<ReloadFn>,
}

impl Kind {
    /// The kind of `C`.
    #[must_use]
    pub const fn of<C: Cached>() -> Self {
        Self {
            name: C::KIND,
            asks: C::ASKS,
            stale: |event, lookup| Box::pin(stale::<C>(event, lookup)),
            reload: None,
        }
    }

    /// The kind of `C`, which workers load again.
    #[must_use]
    pub const fn reloaded<C: Reloaded>() -> Self {
        Self {
            name: C::KIND,
            asks: true,
            stale: |event, lookup| Box::pin(to_reload::<C>(event, lookup)),
            reload: Some(|cache, db, name, because| Box::pin(cache.reload_as::<C>(db, name, because))),
        }
    }

    /// Whether it may ask the database what an event makes stale.
    pub(super) const fn asks(&self) -> bool {
        self.asks
    }

    pub(super) async fn stale_after(&self, event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Stale> {
        (self.stale)(event, lookup).await
    }

    /// Loads an object of the kind again. `None` if the kind's data is dropped instead.
    pub(super) async fn reload(
        &self,
        cache: &Cache,
        db: &Db,
        name: &str,
        because: &Because,
    ) -> anyhow::Result<Option<Reload>> {
        match self.reload {
            Some(reload) => reload(cache, db, name, because).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn stale<C: Cached>(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Stale> {
    let mut stale = Stale::default();
    if let Some(around) = C::AROUND.filter(|around| (around.is_stale_after)(event)) {
        stale.groups.push(Group::new(around.name.to_owned(), None));
    }
    for one in C::stale_after(event, lookup).await? {
        stale.groups.push(one.group());
        stale.topics.extend(one.topic(event).map(|topic| (topic, Note::Changed)));
    }
    Ok(stale)
}

async fn to_reload<C: Reloaded>(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Stale> {
    let (these, topics) = C::after(event, lookup).await?;
    let reload = these.into_iter().map(|one| ToReload {
        kind: C::KIND,
        name: one.name(),
        group: one.group(),
        topic: one.shown_on(),
    });
    Ok(Stale { reload: reload.collect(), topics, ..Stale::default() })
}

/// An object to load again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToReload {
    /// Its kind.
    pub kind: &'static str,
    /// Its name within its kind.
    pub name: String,
    /// Its group.
    pub group: Group,
    /// The topic of the open pages that show it.
    pub topic: Topic,
}

/// The effect of events on the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The groups to drop.
    pub groups: Vec<Group>,
    /// What to tell open pages.
    pub topics: Vec<(Topic, Note)>,
    /// The objects to load again.
    pub reload: Vec<ToReload>,
    /// Whether any of it may have been taken from everybody's sight.
    pub staleness: Staleness,
}

impl Stale {
    /// Collects what the events make stale among these kinds. A kind that fails or panics doesn't keep the others from
    /// being asked.
    ///
    /// # Errors
    /// The first error, after all have been asked, with what the others said.
    pub async fn after(events: &[Event], kinds: &[Kind], db: &Db) -> (Self, Result<(), NotAsked>) {
        let mut all = Self::default();
        let mut result = Ok(());
        let mut lookup = Lookup::new(db);
        for event in events {
            if event.withdraws() {
                all.staleness = Staleness::Withdrawn;
            }
            all.topics.extend(event.announces().into_iter().map(|topic| (topic, Note::Changed)));
            for kind in kinds {
                let asked = std::panic::AssertUnwindSafe(kind.stale_after(event, &mut lookup));
                match futures::FutureExt::catch_unwind(asked).await {
                    Ok(Ok(stale)) => {
                        all.groups.extend(stale.groups);
                        all.topics.extend(stale.topics);
                        all.reload.extend(stale.reload);
                    }
                    Ok(Err(error)) => result = result.and(Err(NotAsked::Database(error))),
                    Err(_) => result = result.and(Err(NotAsked::Panicked(kind.name))),
                }
            }
        }
        (all, result)
    }
}

/// Why a kind couldn't say what an event makes stale.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The kind panicked.
    #[error("the cached kind {0} panicked when it was asked about an event")]
    Panicked(&'static str),
}
