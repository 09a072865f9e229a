//! The environment of job handlers.

use anyhow::Context as _;
use pawdium_media::{Decoder, Limits};
use pawdium_shared::cache::Cache;
use pawdium_shared::config::{Config, UpkeepConfig};
use pawdium_shared::db::Db;
use pawdium_shared::mail::Mailer;
use pawdium_shared::metrics::influx::Influx;
use pawdium_shared::moderation::sanctions::AppealLinks;
use pawdium_shared::notifications::StopLinks;
use pawdium_shared::photos::Quota;
use pawdium_shared::photos::lineage::Keeper;
use pawdium_shared::redis::Redis;
use pawdium_shared::store::MediaStore;
use pawdium_widgets::cached;
use url::Url;

/// The argument that makes this program a confined decoder.
pub const DECODE: &str = "decode";

/// Completes the log line about an outage of Redis.
const WITHOUT_REDIS: &str = "the jobs that drop cached data and notify open pages wait";

/// The outside systems and settings that handlers use.
#[derive(Debug)]
pub struct Env {
    /// Postgres.
    pub db: Db,
    /// Redis, for notifying open pages.
    pub redis: Redis,
    /// The cache.
    pub cache: Cache,
    /// Originals and pictures.
    pub store: MediaStore,
    /// Updates the store's mark.
    pub keeper: Keeper,
    /// Renders pictures in confined processes.
    pub decoder: Decoder,
    /// Limits on originals.
    pub limits: Limits,
    /// How much a member may keep unpublished.
    pub quota: Quota,
    /// SMTP.
    pub mailer: Mailer,
    /// InfluxDB, if it is configured.
    pub influx: Option<Influx>,
    /// The base URL of links in mails.
    pub base_url: Url,
    /// Signs the links that stop mails.
    pub stop_links: StopLinks,
    /// Signs the links to sanctions.
    pub appeal_links: AppealLinks,
    /// How long unneeded data is kept.
    pub upkeep: UpkeepConfig,
}

impl Env {
    /// Prepares all connections; each connects on first use. This program itself is the decoder of pictures.
    ///
    /// # Errors
    /// If a URL in the configuration is malformed, or the media folder can't be created.
    pub fn new(config: &Config, db: Db) -> anyhow::Result<Self> {
        let redis = Redis::connect(&config.redis, WITHOUT_REDIS).context("redis.url")?;
        let limits = Limits::from(&config.media);
        let cache = Cache::new(redis.clone(), cached::kinds());
        cache.follow(&db);
        Ok(Self {
            db,
            cache,
            redis,
            store: MediaStore::open(&config.media)?,
            keeper: Keeper::default(),
            decoder: Decoder::this_program([DECODE], limits.clone()),
            limits,
            quota: Quota::of_members(&config.media),
            mailer: Mailer::new(&config.mail).context("mail.smtp_url")?,
            influx: config.metrics.as_ref().map(Influx::new),
            base_url: config.web.base_url.clone(),
            stop_links: StopLinks::new(&config.security.secret),
            appeal_links: AppealLinks::new(&config.security.secret),
            upkeep: config.upkeep.clone(),
        })
    }
}
