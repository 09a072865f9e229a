//! From a rating to the pages of others.

use std::time::Duration;

use anyhow::{Context as _, Result};
use pawdium_bench::figures::quantile;
use tokio::time::Instant;

use crate::page::{Pages, Served};
use crate::peer::{Peer, RunningPeer};
use crate::site::LiveSite;

/// How many changes are measured, after one that warms up.
const CHANGES: usize = 20;

/// The pause between them, so that each is alone.
const PAUSE: std::ops::Range<u64> = 500..900;

/// The figures, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) viewers: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Until all had loaded all parts that had changed; the median of the changes.
    pub(crate) all: f64,
    /// Parts that a page loads for a change, on average.
    pub(crate) parts: f64,
}

/// Rates a photo of the measured hub again and again.
pub(crate) async fn measure(site: &mut LiveSite, viewers: usize) -> Result<Update> {
    let served = site.served(&site.seeded.hub);
    let widget = site.seeded.hub.widgets[0];
    follow(&served, viewers, widget, async || site.rate().await).await
}

/// Changes one of the peer's parts again and again.
pub(crate) async fn measure_peer(peer: Peer, viewers: usize) -> Result<Update> {
    let mut running = RunningPeer::start(peer).await?;
    let served = running.served(1);
    let update = follow(&served, viewers, 1, async || running.change(1).await).await;
    running.stop().await?;
    update
}

/// The time begins before the change is asked for, so it includes the request that makes it.
async fn follow(
    served: &Served,
    viewers: usize,
    widget: i64,
    mut change: impl AsyncFnMut() -> Result<()>,
) -> Result<Update> {
    let mut pages = Pages::open(served, viewers).await?;
    let (mut all_times, mut ends, mut parts) = (Vec::new(), Vec::new(), 0);
    for number in 0..=CHANGES {
        let pause = Duration::from_millis(rand::random_range(PAUSE));
        tokio::time::sleep(pause).await;
        let begin = Instant::now();
        change().await?;
        let times = pages.until_all_show(widget, begin).await?;
        // Other widgets may follow.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (end, loaded) = pages.last(begin).context("they have loaded a part")?;
        if number > 0 {
            all_times.extend(times);
            ends.push(end);
            parts += loaded;
        }
    }
    all_times.sort_by(f64::total_cmp);
    ends.sort_by(f64::total_cmp);
    let at = |values: &[f64], q| quantile(values, q).map(|seconds| seconds * 1e3).context("there are some");
    #[expect(clippy::cast_precision_loss, reason = "at most thousands")]
    let parts = parts as f64 / all_times.len() as f64;
    Ok(Update { viewers, p50: at(&all_times, 0.5)?, p99: at(&all_times, 0.99)?, all: at(&ends, 0.5)?, parts })
}
