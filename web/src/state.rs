//! The state shared by all handlers.

use std::ops::Deref;
use std::sync::Arc;

use pawdium_shared::accounts::User;
use pawdium_shared::accounts::factors::Seal;
use pawdium_shared::accounts::sessions::{self, Presented, TokenHash};
use pawdium_shared::accounts::tokens::{self, Bearer};
use pawdium_shared::cache::Cache;
use pawdium_shared::config::Config;
use pawdium_shared::db::{self, Batcher, Db};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::live::Changes;
use pawdium_shared::moderation::sanctions::AppealLinks;
use pawdium_shared::notifications::StopLinks;
use pawdium_shared::photos::{self, Photo};
use pawdium_shared::ratings::serving::Servings;
use pawdium_shared::ratings::{Ballots, Recorder};
use pawdium_shared::redis::Redis;
use pawdium_shared::store::MediaStore;
use pawdium_widgets::cached;
use tokio_util::sync::CancellationToken;

use crate::accounts::passkeys::Passkeys;
use crate::admin::cache::LastFigures;
use crate::baked::BakedPages;
use crate::comments::stamps::Stamps;
use crate::health::Checks;
use crate::http::device::Devices;
use crate::http::limits::Limiter;
use crate::http::pace::Pace;
use crate::http::pins::Pins;
use crate::http::writes::Writes;
use crate::hubs::KeptParts;
use crate::live::{Looks, Polls, Streams};
use crate::photos::visits::Visits;
use crate::talks::freezes::Freezes;
use crate::talks::permit::Permits;

/// The consequences of a Redis outage, for the log.
const WITHOUT_REDIS: &str = "pages are rendered without the cache, open pages get no updates, and each process counts \
                             rate limits by itself";

/// The application's shared state. Clones share the same state.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// The fields of [`App`].
#[derive(Debug)]
pub struct Inner {
    /// The configuration, read at start.
    pub config: Config,
    /// Postgres.
    pub db: Db,
    /// Redis.
    pub redis: Redis,
    /// Cached fragments.
    pub cache: Cache,
    /// The figures about the cache that operators were shown last.
    pub cache_figures: LastFigures,
    /// Parts of hubs' pages that many ask for at the moment.
    pub parts: KeptParts,
    /// Whole pages for everybody whom the site doesn't know.
    pub baked: BakedPages,
    /// Views of photos that are not recorded yet.
    pub visits: Visits,
    /// Change events for open pages.
    pub changes: Changes,
    /// The media store with originals and pictures.
    pub store: MediaStore,
    /// Issues and opens ballots.
    pub ballots: Ballots,
    /// Finds the users of session tokens, in batches.
    pub sessions: Batcher<Presented, Option<User>>,
    /// Finds who presents API tokens, in batches.
    pub api_tokens: Batcher<TokenHash, Option<Bearer>>,
    /// Finds photos without the cache, in batches.
    pub photos: Batcher<PhotoId, Option<Photo>>,
    /// Picks the next photo to rate.
    pub servings: Servings,
    /// Records ratings.
    pub recorder: Recorder,
    /// Signs the cookies of visitors without a user.
    pub pins: Pins,
    /// Signs the ids of devices.
    pub devices: Devices,
    /// Signs the permission to vote without an account.
    pub permits: Permits,
    /// The results of calls that are being frozen.
    pub freezes: Freezes,
    /// Signs when a form for comments was served.
    pub stamps: Stamps,
    /// Signs the links that stop mails.
    pub stop_links: StopLinks,
    /// Signs the links to sanctions, which those who can't log in follow.
    pub appeal_links: AppealLinks,
    /// Encrypts the secrets of authenticator apps.
    pub seal: Seal,
    /// Asks passkeys and checks their answers.
    pub passkeys: Passkeys,
    /// Counts limited requests.
    pub limiter: Limiter,
    /// The open live streams.
    pub streams: Streams,
    /// Limits the rate of ratings.
    pub pace: Pace,
    /// Polls what nobody publishes, for open pages.
    pub polls: Polls,
    /// What viewers of live streams may see.
    pub looks: Looks,
    /// The running requests that change something.
    pub writes: Writes,
    /// The last readiness check.
    pub checks: Checks,
    /// Cancelled when the process is told to stop, which ends streams.
    pub stop: CancellationToken,
}

impl App {
    /// Sets up lazy connections to all dependencies. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When an address in the configuration is malformed, or the media store can't be opened.
    pub fn new(config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = Redis::connect(&config.redis, WITHOUT_REDIS)?;
        let db = db::connect(&config.database, "pawdium-web")?;
        let cache = Cache::new(redis.clone(), cached::kinds());
        cache.follow(&db);
        let changes = Changes::start(redis.clone());
        let baked = BakedPages::default();
        let parts = KeptParts::default();
        let keepers = Arc::new((baked.clone(), parts.clone()));
        cache.tell(Arc::clone(&keepers) as _);
        changes.tell_keeper(keepers);
        Ok(Self(Arc::new(Inner {
            sessions: sessions::finder(db.clone()),
            api_tokens: tokens::finder(db.clone()),
            photos: photos::queries::finder(db.clone()),
            servings: Servings::start(db.clone()),
            recorder: Recorder::new(db.clone()),
            polls: Polls::new((*db).clone(), changes.clone()),
            looks: Looks::default(),
            visits: Visits::start(db.clone()),
            baked,
            db,
            cache,
            cache_figures: LastFigures::default(),
            parts,
            changes,
            store: MediaStore::open(&config.media)?,
            ballots: Ballots::new(&config.security.secret),
            pins: Pins::new(&config.security.secret),
            devices: Devices::new(&config.security.secret),
            permits: Permits::new(&config.security.secret),
            freezes: Freezes::default(),
            stamps: Stamps::new(&config.security.secret),
            stop_links: StopLinks::new(&config.security.secret),
            appeal_links: AppealLinks::new(&config.security.secret),
            seal: Seal::new(&config.security.secret),
            passkeys: Passkeys::new(&config.web.base_url),
            limiter: Limiter::new(redis.clone()),
            streams: Streams::up_to(config.web.max_streams),
            writes: Writes::new(config.database.max_connections),
            pace: Pace::new(&config.security),
            redis,
            checks: Checks::default(),
            config,
            stop,
        })))
    }

    /// Whether the site uses TLS, so that cookies can require it.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.config.web.base_url.scheme() == "https"
    }

    /// The absolute URL of a path on this site.
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
