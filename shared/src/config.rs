//! The configuration: one struct a concern, read once at start.
//!
//! Three layers, the later over the earlier: a TOML file (`/etc/pawdium/pawdium.toml`, or the one that `PAWDIUM_CONFIG`
//! names), then variables `PAWDIUM_<SECTION>__<KEY>` (a list is written `["one", "two"]`), then systemd credentials,
//! files called `<section>.<key>` or `pawdium_<section>.<key>` in `$CREDENTIALS_DIRECTORY`. Whatever is not said has the
//! default that stands beside the key.

mod checks;
mod problems;
mod sources;
mod values;
mod warnings;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use lettre::message::Mailbox;
use pawdium_media::Limits;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use problems::{ConfigErrors, Problem};
pub use sources::Sources;

/// Everything that can be set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The HTTP front.
    pub web: WebConfig,
    /// Postgres.
    pub database: DatabaseConfig,
    /// Redis, or what speaks its protocol.
    pub redis: RedisConfig,
    /// Where pictures are kept and what an upload may cost.
    pub media: MediaConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// InfluxDB; left out, nothing is reported.
    pub metrics: Option<MetricsConfig>,
    /// The secret and the rate limits.
    pub security: SecurityConfig,
    /// How many jobs run at once.
    pub worker: WorkerConfig,
    /// How long what nobody needs any more is kept.
    pub upkeep: UpkeepConfig,
    /// What only a demonstration shows.
    pub demo: DemoConfig,
    /// Logs.
    pub log: LogConfig,
}

/// The HTTP front.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// Address and port to listen on. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where visitors reach the site: scheme, host and port, as in `https://pawdium.example`. Links in mails begin with
    /// it, and cookies are `Secure` when it is `https`. Default `http://127.0.0.1:8080`.
    pub base_url: Url,
    /// Addresses or networks of the proxies whose `X-Forwarded-For` is believed. Default: loopback.
    #[serde(deserialize_with = "values::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The most live streams that one process holds open for one client address; 0 turns the limit off. A photo's page
    /// has one, and many people may share an address. Default 200.
    pub streams_per_address: u32,
    /// Seconds that open requests get to end when the process is told to stop. Default 60.
    pub drain_seconds: u64,
    /// Seconds that a client has to send a request's header, from the connection or the request before. Default 30.
    pub header_seconds: u64,
    /// The longest pause in a request's body, in seconds. Default 30.
    pub body_pause_seconds: u64,
    /// The most connections at once from one address; 0 turns the limit off. Those of trusted proxies don't count.
    /// Default 256.
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
            streams_per_address: 200,
        }
    }
}

/// Postgres.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Where the database is, as in `postgres://user:password@host/pawdium`; a secret. What it leaves out is the local socket
    /// and the user that the process runs as. Default `postgres:///pawdium`.
    pub url: SecretString,
    /// The most connections that one process holds. A worker has up to 12 more for its queues, usually four or five.
    /// Default 10.
    pub max_connections: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "postgres:///pawdium".into(), max_connections: 10 }
    }
}

/// Redis, or what speaks its protocol.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Where the server is, as in `redis://host:6379`, `rediss://host:6379` over TLS, or `unix:///run/redis.sock`; a secret,
    /// for it can bear a password.
    /// Default `redis://127.0.0.1:6379`.
    pub url: SecretString,
    /// Put before every key and channel, so that several sites share a server. Default `pawdium:`.
    pub prefix: String,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self { url: "redis://127.0.0.1:6379".into(), prefix: "pawdium:".into() }
    }
}

/// Where pictures are kept and what an upload may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// The store, as a URL: a folder, or a bucket of an S3-compatible store as in
    /// `s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1`. Without `endpoint` it is Amazon's; `http` only
    /// where the endpoint says so. Default `file:///var/lib/pawdium/media`.
    pub store: Url,
    /// The bucket's access key. Left out, `AWS_ACCESS_KEY_ID` and its like say who Pawdium is, or the cloud's machine.
    pub access_key_id: Option<String>,
    /// That key's secret; a secret.
    pub secret_access_key: Option<SecretString>,
    /// The largest upload, in bytes. Default 20,000,000.
    pub max_upload_bytes: u64,
    /// Drafts, and failed photos whose upload is still there, that a member keeps at once; 0 for no limit. Default 500.
    pub member_drafts: u32,
    /// Bytes of them together; 0 for no limit. Default 5,000,000,000.
    pub member_draft_bytes: u64,
    /// Drafts that an anonymous visitor keeps at once; 0 for no limit. Default 5.
    pub anonymous_drafts: u32,
    /// Bytes of them together; 0 for no limit. Default 50,000,000.
    pub anonymous_draft_bytes: u64,
    /// The largest picture, in pixels (width × height, by its header). Default 50,000,000.
    pub max_pixels: u64,
    /// Seconds that a picture may take to decode, up to 45; it may be tried twice. Default 20.
    pub decode_seconds: u64,
    /// Memory that a picture may take to decode, in MiB. Default 1024.
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
    /// Seconds that handing one mail over may take, from connecting to the last reply, up to 90. Default 30.
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

/// The secret and the rate limits. A limit counts per client address (an IPv6 /64, and eight times as much for its /48)
/// unless it says otherwise; 0 turns it off.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityConfig {
    /// At least 32 random characters, which every process shares: ballots and cookies are signed with keys derived from
    /// it. No default; `openssl rand -base64 32` makes one. Changing it invalidates what was signed.
    pub secret: SecretString,
    /// Accounts registered per hour. Default 10.
    pub registrations_per_hour: u32,
    /// Attempts to log in per minute. Default 10.
    pub logins_per_minute: u32,
    /// Requests for a password reset per hour. Default 5.
    pub resets_per_hour: u32,
    /// Photos submitted per hour. Default 60.
    pub uploads_per_hour: u32,
    /// Anonymous visitors that become users, and links shared by those who are none, per hour. Default 60.
    pub anonymous_per_hour: u32,
    /// Wrong passwords for one account within ten minutes, and four times as many within a day, by all those together
    /// who have not been in it from where they are; each network from which it was opened before has as many of its own
    /// within ten minutes. Default 10.
    pub guesses_per_account: u32,
    /// Mails to one recipient within half an hour, whoever asks for them. Default 3.
    pub mails_per_recipient: u32,
    /// Drafts of anonymous visitors per day. Default 20.
    pub anonymous_uploads_per_day: u32,
    /// Ratings by one rater per minute, in each web process. Default 120.
    pub ratings_per_minute: u32,
    /// Ratings from one address per minute, in each web process; many people may share one. Default 1200.
    pub address_ratings_per_minute: u32,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self {
            secret: SecretString::default(),
            registrations_per_hour: 10,
            logins_per_minute: 10,
            resets_per_hour: 5,
            uploads_per_hour: 60,
            anonymous_per_hour: 60,
            guesses_per_account: 10,
            mails_per_recipient: 3,
            anonymous_uploads_per_day: 20,
            ratings_per_minute: 120,
            address_ratings_per_minute: 1200,
        }
    }
}

/// How many jobs of each queue one worker process runs at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// Picture work. Default: the number of processors.
    pub media: usize,
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
    /// Seconds that running jobs get to end when the process is told to stop; then they are handed back. Default 30.
    pub drain_seconds: u64,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        let media = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { media, mail: 4, ranking: 1, cache: 4, metrics: 1, upkeep: 1, drain_seconds: 30 }
    }
}

/// How long what nobody needs any more is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpkeepConfig {
    /// Days until a draft that was never published goes, and the original of a photo that failed by a fault of ours. Default
    /// 30.
    pub draft_days: u32,
    /// Hours until an upload that never became a photo goes. Default 24.
    pub incoming_hours: u32,
}

impl Default for UpkeepConfig {
    fn default() -> Self {
        Self { draft_days: 30, incoming_hours: 24 }
    }
}

/// What only a demonstration shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// A folder of `.eml` files; when it is set, `/demo/mail` shows them to everybody. Default: none.
    pub mailbox: Option<PathBuf>,
    /// Accounts that the login page shows, passwords included. Default: none.
    pub logins: Vec<DemoLogin>,
}

/// An account that a demonstration shows on its login page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLogin {
    /// The address to log in with.
    pub email: String,
    /// Its password, shown to everybody.
    pub password: String,
    /// Who this is, in a few words.
    #[serde(default)]
    pub about: String,
}

/// Logs, written to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` for people, `json` for machines. Default `text`.
    pub format: LogFormat,
    /// What is logged, in the notation of tracing-subscriber's `EnvFilter`: `info`, or `info,pawdium_web=debug`. Default
    /// `info,apalis_core=warn`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info,apalis_core=warn".into() }
    }
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl Config {
    /// Reads the three layers that the module describes, from this process's environment.
    ///
    /// # Errors
    /// Every bad key at once, each with what is wrong, what it should be and where it came from.
    pub fn load() -> Result<Self, ConfigErrors> {
        Self::from_sources(&Sources::of_this_process())
    }

    /// Reads the configuration from the sources that the caller names.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigErrors> {
        problems::extract(sources)
    }

    /// What works and is most likely not what was meant: the keys, each with what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<Problem> {
        let problem = |(key, text): (&str, String)| Problem { key: key.to_owned(), text };
        warnings::warnings(self).into_iter().map(problem).collect()
    }
}

#[cfg(test)]
mod tests;
