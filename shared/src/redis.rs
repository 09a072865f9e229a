//! The Redis connection. Redis is disposable: it may be away or lose everything, so every caller has a way without it.

use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::ExposeSecret as _;

use crate::config::RedisConfig;

/// A shared connection that reconnects by itself, and the prefix of this site's keys.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    manager: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Redis {
    /// Prepares the connection; it is made when first needed. No command waits for longer than half a second: a page
    /// without its cache is better than a late one.
    ///
    /// # Errors
    /// When the URL in the configuration is malformed.
    pub fn connect(config: &RedisConfig) -> redis::RedisResult<Self> {
        let client = Client::open(config.url.expose_secret())?;
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_millis(500)))
            .set_connection_timeout(Some(Duration::from_millis(500)))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(500));
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), settings)?;
        Ok(Self { client, manager, prefix: config.prefix.clone() })
    }

    /// The connection for single commands.
    #[must_use]
    pub fn connection(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// A connection of its own, for commands that block.
    ///
    /// # Errors
    /// When Redis can't be reached.
    pub async fn dedicated(&self) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
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
        redis::cmd("PING").exec_async(&mut self.connection()).await
    }
}
