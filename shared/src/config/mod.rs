//! The configuration: one struct per concern, read once at startup.
//!
//! Three layers; later ones override earlier ones: a TOML file (`/etc/pawdium/pawdium.toml`, or the one that
//! `PAWDIUM_CONFIG` names), variables `PAWDIUM_<SECTION>__<KEY>` (lists are written `["one", "two"]`), and systemd
//! credentials: files called `<section>.<key>` or `pawdium_<section>.<key>` in `$CREDENTIALS_DIRECTORY`. Keys that are
//! not set have the default documented beside them.

mod checks;
mod demo;
mod logging;
mod problems;
mod second_factor;
mod security;
mod sources;
mod values;
mod warnings;

use std::net::SocketAddr;
use std::num::NonZero;
use std::time::Duration;

use ipnet::IpNet;
use lettre::message::Mailbox;
use pawdium_media::Limits;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use demo::{DemoConfig, DemoLogin};
pub use logging::{LogConfig, LogFormat};
pub use problems::{ConfigErrors, Problem};
pub use second_factor::SecondFactor;
pub use security::SecurityConfig;
pub use sources::Sources;

/// All settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// HTTP.
    pub web: WebConfig,
    /// Postgres.
    pub database: DatabaseConfig,
    /// Redis or a compatible server.
    pub redis: RedisConfig,
    /// The media store and limits on uploads.
    pub media: MediaConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// InfluxDB; if it is missing, nothing is reported.
    pub metrics: Option<MetricsConfig>,
    /// The secret and the rate limits.
    pub security: SecurityConfig,
    /// The concurrency of jobs.
    pub worker: WorkerConfig,
    /// How long unneeded data is kept.
    pub upkeep: UpkeepConfig,
    /// Settings for demonstrations only.
    pub demo: DemoConfig,
    /// Logs.
    pub log: LogConfig,
}

/// HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// Address and port to listen on. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where visitors reach the site: scheme, host and port, as in `https://pawdium.example`. Links in mails begin with
    /// it, and cookies are `Secure` when it is `https`. Default `http://127.0.0.1:8080`.
    pub base_url: Url,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is trusted. Default: loopback.
    #[serde(deserialize_with = "values::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The most live streams of one process; 0 turns the limit off. A browser has one for all its pages, which takes
    /// about 10 kB and a file descriptor. Default 20,000.
    pub max_streams: usize,
    /// Seconds that open requests get to finish when the process stops. Default 60.
    pub drain_seconds: u64,
    /// Seconds that a client has to send the header of a request, from the connection or the previous request. Default
    /// 30.
    pub header_seconds: u64,
    /// The longest pause in the body of a request, in seconds. Default 30.
    pub body_pause_seconds: u64,
    /// The most connections at once from one address; 0 turns the limit off. Connections of trusted proxies and live
    /// streams don't count. Default 256.
    pub connections_per_address: usize,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            base_url: values::known_url("http://127.0.0.1:8080"),
            trusted_proxies: values::loopback(),
            drain_seconds: 60,
            header_seconds: 30,
            body_pause_seconds: 30,
            connections_per_address: 256,
            max_streams: 20_000,
        }
    }
}

/// Postgres.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The database, as in `postgres://user:password@host/pawdium`; a secret. Missing parts default to the local socket
    /// and the user that the process runs as. Default `postgres:///pawdium`.
    pub url: SecretString,
    /// The most connections of one process. A worker has up to 13 more for its queues, usually four or five. Default
    /// 10.
    pub max_connections: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "postgres:///pawdium".into(), max_connections: 10 }
    }
}

/// Redis or a compatible server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// The server, as in `redis://host:6379`, `rediss://host:6379` for TLS, or `unix:///run/redis.sock`; a secret,
    /// because it may contain a password. Default `redis://127.0.0.1:6379`.
    pub url: SecretString,
    /// Prefix of all keys and channels, so that several sites share a server. Default `pawdium:`.
    pub prefix: String,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self { url: "redis://127.0.0.1:6379".into(), prefix: "pawdium:".into() }
    }
}

/// The media store and limits on uploads.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// The store, as a URL: a folder, or a bucket of an S3-compatible store, as in
    /// `s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1`. Without `endpoint` it is Amazon's. `http` is
    /// used only if the endpoint says so. Default `file:///var/lib/pawdium/media`.
    pub store: Url,
    /// The bucket's access key. If it is missing, credentials come from `AWS_ACCESS_KEY_ID` and related variables, or
    /// from the cloud machine.
    pub access_key_id: Option<String>,
    /// The secret of that key; a secret.
    pub secret_access_key: Option<SecretString>,
    /// The largest original, in bytes. Default 20,000,000.
    pub max_upload_bytes: u64,
    /// The largest archive that a member imports, in bytes. Default 2,000,000,000.
    pub max_import_bytes: u64,
    /// The most drafts, and failed photos with an original, that a member keeps at once; 0 for no limit. Default 500.
    pub member_drafts: u32,
    /// The total size of their originals, in bytes; 0 for no limit. Default 5,000,000,000.
    pub member_draft_bytes: u64,
    /// The most drafts that an anonymous visitor keeps at once; 0 for no limit. Default 5.
    pub anonymous_drafts: u32,
    /// The total size of their originals, in bytes; 0 for no limit. Default 50,000,000.
    pub anonymous_draft_bytes: u64,
    /// The largest picture, in pixels (width × height, from its header). Default 50,000,000.
    pub max_pixels: u64,
    /// Timeout for decoding a picture, in seconds, up to 45. It may be tried twice. Default 20.
    pub decode_seconds: u64,
    /// Memory for decoding a picture, in MiB. Default 1024.
    pub decode_memory_mb: u64,
}

impl From<&MediaConfig> for Limits {
    fn from(config: &MediaConfig) -> Self {
        Self {
            max_bytes: config.max_upload_bytes,
            max_pixels: config.max_pixels,
            timeout: Duration::from_secs(config.decode_seconds),
            memory: config.decode_memory_mb << 20,
            ..Self::default()
        }
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            store: values::known_url("file:///var/lib/pawdium/media"),
            access_key_id: None,
            secret_access_key: None,
            max_upload_bytes: 20_000_000,
            max_import_bytes: 2_000_000_000,
            member_drafts: 500,
            member_draft_bytes: 5_000_000_000,
            anonymous_drafts: 5,
            anonymous_draft_bytes: 50_000_000,
            max_pixels: 50_000_000,
            decode_seconds: 20,
            decode_memory_mb: 1024,
        }
    }
}

/// Outgoing mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The SMTP server, as in `smtps://user:password@host`, or `smtp://host:587?tls=required`; a secret. Default
    /// `smtp://127.0.0.1:25`.
    pub smtp_url: SecretString,
    /// The sender. Default `Pawdium <pawdium@localhost>`.
    #[serde(deserialize_with = "values::mailbox")]
    pub from: Mailbox,
    /// Timeout for one mail, in seconds, from connecting to the last reply, up to 90. Default 30.
    pub timeout_seconds: u64,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            smtp_url: "smtp://127.0.0.1:25".into(),
            from: Mailbox::new(Some("Pawdium".into()), values::known_address("pawdium", "localhost")),
            timeout_seconds: 30,
        }
    }
}

/// InfluxDB's v2 write API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// The server, as in `http://127.0.0.1:8086`.
    pub url: Url,
    /// The organisation that owns the bucket.
    pub org: String,
    /// The bucket to write to.
    pub bucket: String,
    /// A token that may write to the bucket; a secret.
    pub token: SecretString,
    /// Seconds between two reports. Default 60.
    #[serde(default = "MetricsConfig::default_period_seconds")]
    pub period_seconds: u64,
}

impl MetricsConfig {
    fn default_period_seconds() -> u64 {
        60
    }
}

/// How many jobs of each queue one worker process runs at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// Photo processing. Default: the number of processors.
    pub media: usize,
    /// Unpacking archives, and making drafts of their pictures. Default 2.
    pub imports: usize,
    /// Mails. Default 4.
    pub mail: usize,
    /// Ranks and virality. Default 1.
    pub ranking: usize,
    /// Cache invalidation. Default 4.
    pub cache: usize,
    /// Reports to InfluxDB. Default 1.
    pub metrics: usize,
    /// Purges. Default 1.
    pub upkeep: usize,
    /// Archives of what members have on the site. Default 1.
    pub exports: usize,
    /// Seconds that running jobs get to finish when the process stops; after that they are handed back. Default 30.
    pub drain_seconds: u64,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        let media = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            media,
            mail: 4,
            ranking: 1,
            cache: 4,
            metrics: 1,
            upkeep: 1,
            exports: 1,
            imports: 2,
            drain_seconds: 30,
        }
    }
}

/// How long unneeded data is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpkeepConfig {
    /// Days until an unpublished draft is deleted, and the original of a photo that failed because of an internal
    /// error. Default 30.
    pub draft_days: u32,
    /// Hours until an original without a photo is deleted. Default 24.
    pub incoming_hours: u32,
}

impl Default for UpkeepConfig {
    fn default() -> Self {
        Self { draft_days: 30, incoming_hours: 24 }
    }
}

impl Config {
    /// Reads the three layers from this process's environment.
    ///
    /// # Errors
    /// All bad keys at once, each with what is wrong, what the value should be, and where it came from.
    pub fn load() -> Result<Self, ConfigErrors> {
        Self::from_sources(&Sources::of_this_process())
    }

    /// Reads the configuration from the given sources.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigErrors> {
        problems::extract(sources)
    }

    /// Settings that work but are probably mistakes, each with what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<Problem> {
        let problem = |(key, text): (&str, String)| Problem { key: key.to_owned(), text };
        warnings::warnings(self).into_iter().map(problem).collect()
    }
}

#[cfg(test)]
mod tests;
