//! The measured site, and its raters.

use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use pawdium_bench::http::Connection;
use pawdium_bench::rater::Rater;
use pawdium_bench::site::Site;
use pawdium_bench::stores::Stores;
use pawdium_shared::cache::Cache;
use pawdium_shared::config::RedisConfig;
use pawdium_shared::redis::Redis;
use pawdium_widgets::cached;

use crate::page::Served;
use crate::seed::{self, Seeded, SeededHub};

/// Hubs that are only watched.
pub(crate) const WATCHED: usize = 1000;

/// Raters that give their first ratings at once.
const AT_ONCE: usize = 8;

/// The site and what is in it.
#[derive(Debug)]
pub(crate) struct LiveSite {
    pub(crate) site: Site,
    pub(crate) seeded: Seeded,
    /// The site's Redis, as its processes see it.
    pub(crate) redis: Redis,
    /// The site's cache.
    pub(crate) cache: Cache,
    /// Each has rated all photos. The first changes one rating at a time.
    pub(crate) raters: Vec<Rater>,
    /// The first one's rating of the first photo.
    value: i16,
}

impl LiveSite {
    /// Starts it. All raters rate all photos once, which also warms up the site.
    pub(crate) async fn start(stores: &mut Stores) -> Result<Self> {
        let seeded = seed::seed(stores, WATCHED).await?;
        stores.settle().await?;
        let site = Site::start(stores, "bench-live", &[]).await?;
        let url = stores.redis_url().into();
        let redis = Redis::connect(&RedisConfig { url, ..RedisConfig::default() }, "the figures are wrong")?;
        let cache = Cache::new(redis.clone(), cached::kinds());
        let entering = futures::stream::iter(seeded.raters.clone()).map(async |account| {
            let mut rater = Rater::enter(site.address, account).await?;
            rater.see().await?;
            while rater.on_page.is_some() {
                rater.rate_on_page().await?;
            }
            anyhow::Ok(rater)
        });
        let raters = entering.buffered(AT_ONCE).try_collect().await?;
        let mut live = Self { site, seeded, redis, cache, raters, value: 1 };
        live.rate().await?;
        stores.settle().await?;
        Ok(live)
    }

    /// The page of a hub.
    pub(crate) fn served(&self, hub: &SeededHub) -> Served {
        Served {
            server: self.site.address,
            live: format!("/live?hub={}", hub.slug),
            part: format!("/h/{}/w/", hub.slug),
        }
    }

    /// Reopens the raters' connections, which the site closes when they are idle for long.
    pub(crate) async fn reconnect(&mut self) -> Result<()> {
        for rater in &mut self.raters {
            rater.connection = Connection::open(self.site.address).await?;
        }
        Ok(())
    }

    /// A rater gives a photo of the measured hub another value than before.
    pub(crate) async fn rate(&mut self) -> Result<()> {
        self.value = self.value % 10 + 1;
        self.raters[0].rate_again(self.seeded.hub.photos[0].0, self.value).await
    }

    /// Waits until the worker has nothing to do, and a moment longer, so that no reload is held back for coalescing.
    pub(crate) async fn rest(&self, stores: &mut Stores) -> Result<()> {
        let mut db = stores.connect().await?;
        loop {
            let waiting: i64 = sqlx::query_scalar("select count(*) from jobs where queue = 'cache'")
                .fetch_one(&mut db)
                .await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            if waiting == 0 {
                return Ok(());
            }
        }
    }

    pub(crate) async fn stop(self) -> Result<()> {
        drop(self.raters);
        self.site.stop().await
    }
}
