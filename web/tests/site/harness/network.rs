//! Networks that are slow, blocked or gone.

use std::time::Duration;

use serde_json::json;

use super::browser::Browser;

impl Browser {
    /// From now on answers are late and come at that many bytes a second, without the browser's cache.
    pub(crate) async fn slow_network(&self, latency: Duration, bytes_a_second: i64) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
        self.emulate(false, latency, bytes_a_second, -1).await;
    }

    /// From now on answers are late and come at that many bytes a second, or unlimited with -1. Cached files load at
    /// once.
    pub(crate) async fn slow_connection(&self, latency: Duration, bytes_a_second: i64) {
        self.emulate(false, latency, bytes_a_second, -1).await;
    }

    /// From now on uploads are limited to that many bytes a second.
    pub(crate) async fn slow_uploads(&self, bytes_a_second: i64) {
        self.emulate(false, Duration::ZERO, -1, bytes_a_second).await;
    }

    /// From now on there is no network.
    pub(crate) async fn cut_off(&self) {
        self.emulate(true, Duration::ZERO, 0, 0).await;
    }

    /// From now on requests to matching URLs fail.
    pub(crate) async fn block(&self, addresses: &str) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": [addresses] })).await;
    }

    /// Requests to all URLs go through again.
    pub(crate) async fn block_nothing(&self) {
        self.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await;
    }

    /// Removes the limits on the network.
    pub(crate) async fn free_network(&self) {
        self.emulate(false, Duration::ZERO, -1, -1).await;
    }

    async fn emulate(&self, offline: bool, latency: Duration, down: i64, up: i64) {
        let latency = u64::try_from(latency.as_millis()).expect("it is short");
        let conditions = json!({
            "offline": offline, "latency": latency, "downloadThroughput": down, "uploadThroughput": up,
        });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", conditions).await;
    }
}
