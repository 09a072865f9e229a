//! Access to Redis. Redis is disposable: it may be down, stall or lose everything, so every caller works without it.

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
    /// Prepares the connections. Each connects on first use. `meanwhile` completes the log line about an outage: how
    /// this process works until Redis is back.
    ///
    /// # Errors
    /// If the URL in the configuration is malformed.
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

    /// Connects in the background, so that the log reports an outage at startup. Call it inside a runtime.
    pub fn prepare(&self) {
        self.caches.prepare();
    }

    /// The connection for cached fragments and change notifications.
    #[must_use]
    pub fn caches(&self) -> &Link {
        &self.caches
    }

    /// The connection for rate limits, separate so that large or slow replies don't delay a limit.
    #[must_use]
    pub fn limits(&self) -> &Link {
        &self.limits
    }

    /// The epoch of all cached fragments. Fragments of another epoch are void.
    #[must_use]
    pub(crate) fn epoch_key(&self) -> String {
        self.key("epoch")
    }

    /// Opens a dedicated connection for blocking commands.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn dedicated(&self) -> redis::RedisResult<MultiplexedConnection> {
        let settings = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&settings).await
    }

    /// Adds this site's prefix to a key.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Checks that Redis answers.
    ///
    /// # Errors
    /// If Redis doesn't answer.
    pub async fn check(&self) -> redis::RedisResult<()> {
        let ping = |mut connection| async move { redis::cmd("PING").exec_async(&mut connection).await };
        self.caches.run(Patience::Job, ping).await
    }
}
