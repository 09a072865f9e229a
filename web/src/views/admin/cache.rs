use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::cache::Outcome;

use super::super::{Chrome, Field, Fragment, filters};

/// `GET /admin/cache`.
#[derive(Debug, Template)]
#[template(path = "admin/cache/page.html")]
pub struct CachePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The rendered [`CacheBoard`].
    pub board: Fragment,
    /// The hub whose widgets are listed.
    pub hub: Field,
    /// Its widgets.
    pub widgets: Vec<HubWidget>,
}

/// A widget of the hub that was searched for.
#[derive(Clone, Debug)]
pub struct HubWidget {
    /// Its name in the cache: hub and widget, as in `3.42`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The name of its kind.
    pub kind: String,
    /// Whether it differs from viewer to viewer.
    pub is_personal: bool,
}

/// The figures of all kinds. `GET /admin/cache/board` returns only this part.
#[derive(Debug, Template)]
#[template(path = "admin/cache/_board.html")]
pub struct CacheBoard {
    /// How many widgets are cached; `None` while Redis is away.
    pub in_words: Option<String>,
    /// The kinds of widgets, and then of other things.
    pub kinds: Vec<CacheKind>,
    /// When the figures were read.
    pub at: DateTime<Utc>,
}

/// The figures of one kind.
#[derive(Clone, Debug)]
pub struct CacheKind {
    /// Its name.
    pub name: String,
    /// Widgets whose current data is cached; `None` if this is no kind of widget.
    pub cached: Option<i64>,
    /// Widgets whose current data isn't.
    pub missing: Option<i64>,
    /// The median age of current data.
    pub median_age: Option<Duration>,
    /// The age of the oldest current data.
    pub oldest_age: Option<Duration>,
    /// Reads that found data.
    pub hits: i64,
    /// The share of reads that did, 0 to 1; `None` without reads.
    pub hit_share: Option<f64>,
    /// The median duration of the last reloads.
    pub p50_ms: Option<f64>,
    /// The 95th percentile of the same.
    pub p95_ms: Option<f64>,
    /// The share of reloads that brought the same data, 0 to 1.
    pub unchanged_share: Option<f64>,
    /// Reloads that failed.
    pub failed: i64,
    /// The last error.
    pub error: Option<String>,
}

impl CacheBoard {
    /// The last errors, with the names of their kinds.
    fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.kinds.iter().filter_map(|kind| Some((kind.name.as_str(), kind.error.as_deref()?)))
    }
}

/// `GET /admin/cache/{widget}`.
#[derive(Debug, Template)]
#[template(path = "admin/cache/widget.html")]
pub struct CachedWidgetPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Its name in the cache: hub and widget, as in `3.42`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The name of its kind.
    pub kind: String,
    /// The name of its hub.
    pub hub: String,
    /// The path of the hub's page.
    pub path: String,
    /// The list of the hub's widgets.
    pub address: String,
    /// The rendered [`ReloadList`].
    pub reloads: Fragment,
}

/// Why a widget was loaded again. `GET /admin/cache/{widget}/reloads` returns only this part.
#[derive(Debug, Template)]
#[template(path = "admin/cache/_reloads.html")]
pub struct ReloadList {
    /// The widget's name in the cache.
    pub name: String,
    /// What is cached of it.
    pub state: WidgetState,
    /// The last reloads, latest first.
    pub reloads: Vec<Reload>,
    /// When the list was read.
    pub at: DateTime<Utc>,
}

impl ReloadList {
    /// Whether no worker ever loads it.
    fn is_personal(&self) -> bool {
        matches!(self.state, WidgetState::Personal)
    }
}

/// What is cached of a widget.
#[derive(Clone, Copy, Debug)]
pub enum WidgetState {
    /// Its current data.
    Current {
        /// When that was loaded.
        as_of: DateTime<Utc>,
        /// Its version.
        version: u64,
    },
    /// Old data, in case that loading fails.
    Void {
        /// When that was loaded.
        as_of: DateTime<Utc>,
    },
    /// Nothing.
    Missing,
    /// Never anything, because it differs from viewer to viewer.
    Personal,
    /// Redis is away.
    Unknown,
}

/// A reload after an event.
#[derive(Clone, Debug)]
pub struct Reload {
    /// What happened.
    pub event: String,
    /// When.
    pub at: DateTime<Utc>,
    /// From the event to the end of its triage.
    pub triage_ms: f64,
    /// From triage to the start of loading.
    pub waited_ms: f64,
    /// Loading.
    pub load_ms: f64,
    /// From loaded to stored and told.
    pub told_ms: f64,
    /// All of it.
    pub took_ms: f64,
    /// What became of it.
    pub outcome: Outcome,
}

impl Reload {
    /// What became of it, in words.
    fn outcome(&self) -> &'static str {
        match self.outcome {
            Outcome::Changed => "changed, pages told",
            Outcome::Unchanged => "unchanged",
            Outcome::Superseded => "superseded by a later event",
            Outcome::Fresh => "loaded by a page already",
            Outcome::Failed => "failed",
        }
    }

    /// The class of its badge.
    fn badge(&self) -> &'static str {
        match self.outcome {
            Outcome::Changed => " live",
            Outcome::Failed => " failed",
            Outcome::Unchanged | Outcome::Superseded | Outcome::Fresh => "",
        }
    }
}
