//! Rebuilds of widgets while their hub's photos are rated (E3).

use std::time::Duration;

use anyhow::{Result, ensure};
use pawdium_shared::cache::Cached as _;
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::cached::CachedWidget;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::page::Pages;
use crate::redis_use::loads;
use crate::seed::{CONCERNED, KINDS, SeededHub};
use crate::site::LiveSite;

/// Ratings a second.
const RATE: u32 = 1000;

/// How long they go on.
const SPAN: Duration = Duration::from_secs(10);

/// The figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rebuilds {
    /// Ratings that were acknowledged a second.
    pub(crate) rate: f64,
    /// Rebuilds of the widget that was rebuilt most often.
    pub(crate) most: u64,
    /// Rebuilds of widgets that don't show these ratings, on this hub and the other.
    pub(crate) others: u64,
}

/// Both hubs have a viewer. Only one has photos that are rated.
pub(crate) async fn measure(site: &mut LiveSite) -> Result<Rebuilds> {
    let hub = Pages::open(&site.served(&site.seeded.hub), 1).await?;
    let other = Pages::open(&site.served(&site.seeded.other), 1).await?;
    sleep(Duration::from_secs(1)).await;
    let before = all_reloads(site).await?;
    let last = last_reloads(site, &site.seeded.other).await?;
    let rate = rate_all(site).await?;
    // The last reload comes a quarter of a second after the last rating.
    sleep(Duration::from_secs(2)).await;
    let after = all_reloads(site).await?;
    let reloads: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    let elsewhere = last_reloads(site, &site.seeded.other).await?;
    let others = u64::try_from(elsewhere.iter().zip(&last).filter(|(now, then)| now != then).count())?;
    drop((hub, other));
    let (concerned, unconcerned) = reloads.split_at(CONCERNED);
    ensure!(concerned.iter().any(|reloads| *reloads > 0), "no widget was rebuilt");
    Ok(Rebuilds {
        rate,
        most: concerned.iter().copied().max().unwrap_or(0),
        others: others + unconcerned.iter().sum::<u64>(),
    })
}

/// Returns the ratings that were acknowledged a second.
async fn rate_all(site: &mut LiveSite) -> Result<f64> {
    let photos = &site.seeded.hub.photos;
    // The first has another task.
    let raters = &mut site.raters[1..];
    let (begin, count) = (Instant::now(), u32::try_from(raters.len())?);
    let rating = raters.iter_mut().zip(0_u32..).map(async |(rater, place)| {
        // Each begins at another time.
        sleep(Duration::from_secs(1) / RATE * place).await;
        let mut ticks = interval(Duration::from_secs(1) * count / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut given = 0_u32;
        while begin.elapsed() < SPAN {
            ticks.tick().await;
            let photo = photos[rand::random_range(0..photos.len())];
            rater.rate_again(photo.0, rand::random_range(1..=10)).await?;
            given += 1;
        }
        anyhow::Ok(given)
    });
    let given: u32 = futures::future::try_join_all(rating).await?.into_iter().sum();
    Ok(f64::from(given) / begin.elapsed().as_secs_f64())
}

/// By kind. The kinds of the hubs are on no other page that anybody looks at.
async fn all_reloads(site: &LiveSite) -> Result<Vec<u64>> {
    let mut all = Vec::new();
    for kind in KINDS {
        all.push(loads(&site.redis, kind).await?.reloads);
    }
    Ok(all)
}

/// When each widget of a hub was last loaded again.
async fn last_reloads(
    site: &LiveSite,
    hub: &SeededHub,
) -> Result<Vec<Option<chrono::DateTime<chrono::Utc>>>> {
    let mut all = Vec::new();
    for widget in &hub.widgets {
        let widget = CachedWidget { hub: hub.id, widget: WidgetId(*widget) };
        let traces = site.cache.traces(CachedWidget::KIND, &widget.name()).await?;
        all.push(traces.first().map(|trace| trace.loaded_at));
    }
    Ok(all)
}
