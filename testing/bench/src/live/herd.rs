//! One change for many viewers (S5).

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep};

use crate::page::Pages;
use crate::redis_use::{Loads, loads};
use crate::seed::{CONCERNED, KINDS};
use crate::site::LiveSite;

/// Processes report their reads every ten seconds.
const REPORTED: Duration = Duration::from_secs(11);

/// The figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Herd {
    pub(crate) viewers: usize,
    /// Seconds until all had loaded all parts that had changed.
    pub(crate) all: f64,
    /// How many parts that were.
    pub(crate) parts: usize,
    /// How often the web process and the worker loaded the widget that was loaded most often.
    pub(crate) loads: Loads,
}

pub(crate) async fn measure(site: &mut LiveSite, viewers: usize) -> Result<Herd> {
    let served = site.served(&site.seeded.hub);
    let widget = site.seeded.hub.widgets[0];
    let mut pages = Pages::open(&served, viewers).await?;
    // The first change fills the cache.
    let begin = Instant::now();
    site.rate().await?;
    pages.until_all_show(widget, begin).await?;
    sleep(REPORTED).await;
    let before = all_loads(site).await?;
    let begin = Instant::now();
    site.rate().await?;
    pages.until_all_show(widget, begin).await?;
    sleep(REPORTED).await;
    let (all, parts) = pages.last(begin).context("they have loaded a part")?;
    let mut most = Loads::default();
    for (before, after) in before.into_iter().zip(all_loads(site).await?) {
        most.pages = most.pages.max(after.pages - before.pages);
        most.reloads = most.reloads.max(after.reloads - before.reloads);
    }
    Ok(Herd { viewers, all, parts, loads: most })
}

async fn all_loads(site: &LiveSite) -> Result<Vec<Loads>> {
    let mut all = Vec::new();
    for kind in &KINDS[..CONCERNED] {
        all.push(loads(&site.redis, kind).await?);
    }
    Ok(all)
}
