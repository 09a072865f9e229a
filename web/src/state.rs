//! What every handler works with.

use std::ops::Deref;
use std::sync::Arc;

use pawdium_shared::accounts::User;
use pawdium_shared::accounts::sessions::{self, TokenHash};
use pawdium_shared::cache::Cache;
use pawdium_shared::cached;
use pawdium_shared::config::Config;
use pawdium_shared::db::{self, Batcher, Db};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::live::Changes;
use pawdium_shared::photos::{self, Photo};
use pawdium_shared::ratings::serving::Servings;
use pawdium_shared::ratings::{Ballots, Recorder};
use pawdium_shared::redis::Redis;
use pawdium_shared::store::MediaStore;
use tokio_util::sync::CancellationToken;

use crate::admin::watch::QueueWatch;
use crate::health::Checks;
use crate::http::limits::Limiter;
use crate::http::pace::Pace;
use crate::http::streams::Streams;
use crate::http::visitor::Pins;
use crate::http::writes::Writes;

/// What the log says of an outage of Redis.
const WITHOUT_REDIS: &str = "pages are computed without the cache, open pages are not told of changes, and rate limits \
                             count in this process alone";

/// The application's shared state; a clone is a reference.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// Behind [`App`].
#[derive(Debug)]
pub struct Inner {
    /// As it was read at start.
    pub config: Config,
    /// The truth.
    pub db: Db,
    /// The disposable.
    pub redis: Redis,
    /// Cached fragments.
    pub cache: Cache,
    /// What changed, for open pages.
    pub changes: Changes,
    /// Uploads and pictures.
    pub store: MediaStore,
    /// Issues and opens ballots.
    pub ballots: Ballots,
    /// Finds whose sessions tokens are.
    pub sessions: Batcher<TokenHash, Option<User>>,
    /// Finds photos where no cache will do.
    pub photos: Batcher<PhotoId, Option<Photo>>,
    /// Says which photo is next.
    pub servings: Servings,
    /// Records ratings.
    pub recorder: Recorder,
    /// Signs what anonymous visitors carry.
    pub pins: Pins,
    /// Counts requests that are limited.
    pub limiter: Limiter,
    /// The live streams that are open.
    pub streams: Streams,
    /// Counts ratings.
    pub pace: Pace,
    /// The queues, for open admin pages.
    pub queue_watch: QueueWatch,
    /// Requests that change something.
    pub writes: Writes,
    /// How the dependencies were a moment ago.
    pub checks: Checks,
    /// Cancelled when the process is told to stop: streams end then.
    pub stop: CancellationToken,
}

impl App {
    /// Connects lazily to everything; must be called inside a runtime.
    ///
    /// # Errors
    /// When an address in the configuration is malformed, or the media store can't be opened.
    pub fn new(config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = Redis::connect(&config.redis, WITHOUT_REDIS)?;
        let db = db::connect(&config.database, "pawdium-web")?;
        let cache = Cache::new(redis.clone(), cached::KINDS);
        db.keep(cache.clone());
        Ok(Self(Arc::new(Inner {
            sessions: sessions::finder(db.clone()),
            photos: photos::queries::finder(db.clone()),
            servings: Servings::start(db.clone()),
            recorder: Recorder::new(db.clone()),
            queue_watch: QueueWatch::new((*db).clone()),
            db,
            cache,
            changes: Changes::start(redis.clone()),
            store: MediaStore::open(&config.media)?,
            ballots: Ballots::new(&config.security.secret),
            pins: Pins::new(&config.security.secret),
            limiter: Limiter::new(redis.clone()),
            streams: Streams::up_to(config.web.streams_per_address),
            writes: Writes::new(config.database.max_connections),
            pace: Pace::new(&config.security),
            redis,
            checks: Checks::default(),
            config,
            stop,
        })))
    }

    /// Whether visitors come over TLS, so that cookies may be bound to it.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.config.web.base_url.scheme() == "https"
    }

    /// An address on this site, absolute.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.web.base_url.as_str().trim_end_matches('/'))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
