//! The way to Redis. Redis is disposable: it may be away, stall or lose everything, so every caller has a way without it.

mod link;
mod outage;

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use redis::aio::MultiplexedConnection;
use secrecy::ExposeSecret as _;

use crate::config::RedisConfig;

use link::Renewal;
pub use link::{Link, Patience};
use outage::Outages;

/// This process's connections, and the prefix of the site's keys.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    caches: Link,
    limits: Link,
    prefix: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// Prepares the connections; each is made when it is first needed. `meanwhile` is what the log says of an outage: how
    /// this process works until Redis is back.
    ///
    /// # Errors
    /// When the URL in the configuration is malformed.
    pub fn connect(config: &RedisConfig, meanwhile: &'static str) -> redis::RedisResult<Self> {
        let client = Client::open(config.url.expose_secret())?;
        let outages = Arc::new(Outages::new(meanwhile));
        let prefix = config.prefix.clone();
        let renewal = Renewal::new(format!("{prefix}epoch"), format!("{prefix}server"));
        Ok(Self {
            caches: Link::new(client.clone(), Arc::clone(&outages), Some(renewal)),
            limits: Link::new(client.clone(), outages, None),
            client,
            prefix,
        })
    }

    /// Connects now, in the background, so that the log says at the start of a process if Redis is away. Must be called
    /// inside of a runtime.
    pub fn prepare(&self) {
        self.caches.prepare();
    }

    /// The connection for cached fragments and for telling that something changed.
    #[must_use]
    pub fn caches(&self) -> &Link {
        &self.caches
    }

    /// The connection for rate limits. No other answer, however large or slow, delays a limit.
    #[must_use]
    pub fn limits(&self) -> &Link {
        &self.limits
    }

    /// The epoch of all cached fragments: those of another epoch are void.
    #[must_use]
    pub(crate) fn epoch_key(&self) -> String {
        self.key("epoch")
    }

    /// A connection of its own, for commands that block.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn dedicated(&self) -> redis::RedisResult<MultiplexedConnection> {
        let settings = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&settings).await
    }

    /// A key of this site.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// When it doesn't.
    pub async fn check(&self) -> redis::RedisResult<()> {
        let ping = |mut connection| async move { redis::cmd("PING").exec_async(&mut connection).await };
        self.caches.run(Patience::Job, ping).await
    }
}
