//! What handlers work with.

use anyhow::Context as _;
use pawdium_media::{Decoder, Limits};
use pawdium_shared::cache::Cache;
use pawdium_shared::cached;
use pawdium_shared::config::{Config, UpkeepConfig};
use pawdium_shared::db::Db;
use pawdium_shared::mail::Mailer;
use pawdium_shared::metrics::influx::Influx;
use pawdium_shared::photos::lineage::Keeper;
use pawdium_shared::redis::Redis;
use pawdium_shared::store::MediaStore;
use url::Url;

/// The argument that makes this program a confined decoder of pictures.
pub const DECODE: &str = "decode";

/// What the log says of an outage of Redis.
const WITHOUT_REDIS: &str =
    "caches are not dropped and open pages are not told of changes; the jobs for that wait";

/// Everything that a handler may need: the outside systems, and the settings that concern jobs.
#[derive(Debug)]
pub struct Env {
    /// Postgres.
    pub db: Db,
    /// Redis, for telling open pages.
    pub redis: Redis,
    /// The cached fragments.
    pub cache: Cache,
    /// Uploads and pictures.
    pub store: MediaStore,
    /// Keeps the store's mark up to date.
    pub keeper: Keeper,
    /// Renders uploads in confined processes.
    pub decoder: Decoder,
    /// What an upload may be.
    pub limits: Limits,
    /// SMTP.
    pub mailer: Mailer,
    /// InfluxDB, where it is configured.
    pub influx: Option<Influx>,
    /// Where links in mails lead.
    pub base_url: Url,
    /// How long what nobody needs is kept.
    pub upkeep: UpkeepConfig,
}

impl Env {
    /// Prepares all connections; each is made when it is first needed. Pictures are rendered by this very program.
    ///
    /// # Errors
    /// When a URL in the configuration is malformed, or the media folder can't be made.
    pub fn new(config: &Config, db: Db) -> anyhow::Result<Self> {
        let redis = Redis::connect(&config.redis, WITHOUT_REDIS).context("redis.url")?;
        let limits = Limits::from(&config.media);
        let cache = Cache::new(redis.clone(), cached::KINDS);
        db.keep(cache.clone());
        Ok(Self {
            db,
            cache,
            redis,
            store: MediaStore::open(&config.media)?,
            keeper: Keeper::default(),
            decoder: Decoder::this_program([DECODE], limits.clone()),
            limits,
            mailer: Mailer::new(&config.mail).context("mail.smtp_url")?,
            influx: config.metrics.as_ref().map(Influx::new),
            base_url: config.web.base_url.clone(),
            upkeep: config.upkeep.clone(),
        })
    }
}
