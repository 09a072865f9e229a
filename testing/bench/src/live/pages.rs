//! The page of a hub with twelve cached widgets (W6).

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use pawdium_bench::figures::quantile;
use pawdium_bench::http::Connection;
use pawdium_shared::cache::{Cached as _, Group};
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::cached::CachedWidget;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::site::LiveSite;

/// Pages a second that are asked for, whether or not the ones before have been answered.
const RATE: u32 = 200;

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(8);

/// Connections that ask as fast as they are answered.
const BUSY: usize = 8;

/// The figures of one measurement, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paced {
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// All figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HubPages {
    pub(crate) cached: Paced,
    /// All widgets are dropped before each page.
    pub(crate) cold: Paced,
    /// Pages a second, as fast as they are answered.
    pub(crate) most: f64,
    pub(crate) most_cold: f64,
}

pub(crate) async fn measure(site: &mut LiveSite) -> Result<HubPages> {
    let asked = Asked::new(site);
    asked.one(&mut Connection::open(site.site.address).await?).await?;
    Ok(HubPages {
        cached: paced(site, &asked, false).await?,
        cold: paced(site, &asked, true).await?,
        most: flat_out(site, &asked, false).await?,
        most_cold: flat_out(site, &asked, true).await?,
    })
}

/// The page, and what is cached for it.
#[derive(Clone, Debug)]
struct Asked {
    request: Rc<str>,
    groups: Rc<[Group]>,
}

impl Asked {
    fn new(site: &LiveSite) -> Self {
        let hub = &site.seeded.hub;
        let group = |widget: &i64| CachedWidget { hub: hub.id, widget: WidgetId(*widget) }.group();
        // With a cookie, so that the page is rendered each time.
        let request = format!(
            "GET /h/{} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-encoding: gzip, deflate, br\r\n\
             sec-fetch-site: none\r\ncookie: visitor=none\r\n\r\n",
            hub.slug,
        );
        Self { request: request.into(), groups: hub.widgets.iter().map(group).collect() }
    }

    async fn one(&self, connection: &mut Connection) -> Result<()> {
        let (status, _) = connection.ask(self.request.as_bytes()).await?;
        ensure!(status == 200, "a hub's page was answered with {status}");
        Ok(())
    }
}

/// Asks at a steady pace. A request's time begins when it is due.
async fn paced(site: &LiveSite, asked: &Asked, is_cold: bool) -> Result<Paced> {
    let idle: Rc<RefCell<Vec<Connection>>> = Rc::default();
    let times: Rc<RefCell<Vec<f64>>> = Rc::default();
    let mut running = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begin = Instant::now();
    while begin.elapsed() < SPAN {
        let due = ticks.tick().await;
        let (asked, idle, times) = (asked.clone(), Rc::clone(&idle), Rc::clone(&times));
        let (address, cache) = (site.site.address, site.cache.clone());
        running.spawn_local(async move {
            let mut lost = Duration::ZERO;
            if is_cold {
                let dropping = Instant::now();
                cache.drop_groups(&asked.groups).await?;
                lost = dropping.elapsed();
            }
            let kept = idle.borrow_mut().pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => Connection::open(address).await?,
            };
            asked.one(&mut connection).await?;
            times.borrow_mut().push(due.elapsed().saturating_sub(lost).as_secs_f64() * 1e3);
            idle.borrow_mut().push(connection);
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let took = begin.elapsed().as_secs_f64();
    let mut times = times.take();
    times.sort_by(f64::total_cmp);
    let at = |q| quantile(&times, q).context("there are some");
    Ok(Paced { rate: f64::from(u32::try_from(times.len())?) / took, p50: at(0.5)?, p99: at(0.99)? })
}

/// Asks as fast as it is answered. Returns pages a second.
async fn flat_out(site: &LiveSite, asked: &Asked, is_cold: bool) -> Result<f64> {
    let begin = Instant::now();
    let asking = (0..BUSY).map(async |_| {
        let mut connection = Connection::open(site.site.address).await?;
        let mut answered = 0_u32;
        while begin.elapsed() < SPAN / 2 {
            if is_cold {
                site.cache.drop_groups(&asked.groups).await?;
            }
            asked.one(&mut connection).await?;
            answered += 1;
        }
        anyhow::Ok(answered)
    });
    let answered: u32 = try_join_all(asking).await?.into_iter().sum();
    Ok(f64::from(answered) / begin.elapsed().as_secs_f64())
}
