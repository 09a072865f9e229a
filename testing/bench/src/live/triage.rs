//! Triage among many widgets (E2).

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use pawdium_bench::figures::quantile;
use pawdium_bench::stores::Stores;
use tokio::time::sleep;

use crate::site::LiveSite;

/// Events that are triaged one by one.
const EVENTS: usize = 150;

/// Widgets of a hub, of the kinds that most events are about.
const EACH: usize = 8;

/// The figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Triage {
    pub(crate) widgets: i64,
    /// Milliseconds that the job runs, with what it writes to Redis and Postgres.
    pub(crate) mean: f64,
    pub(crate) p99: f64,
}

/// Rates a photo that is in two of the hubs, and reads how long its triage took from the queue's accounts.
pub(crate) async fn measure(site: &mut LiveSite, stores: &mut Stores, widgets: usize) -> Result<Triage> {
    let mut db = stores.connect().await?;
    sqlx::query(
        "with made as (
             insert into hubs (slug, name)
             select 'crowd-' || n, 'Crowd ' || n from generate_series(1, $1) as n returning id
         )
         insert into widgets (hub_id, kind, side, position)
         select made.id, kind, 'left', place
         from made, unnest(array['histogram', 'top-photos', 'numbers', 'badges', 'about', 'newest-photos', 'activity',
                                 'members']) with ordinality as kinds (kind, place)",
    )
    .bind(i32::try_from(widgets.div_ceil(EACH))?)
    .execute(&mut db)
    .await?;
    let widgets: i64 = sqlx::query_scalar("select count(*) from widgets").fetch_one(&mut db).await?;
    stores.settle().await?;
    site.rest(stores).await?;
    sqlx::query("delete from job_movements").execute(&mut db).await?;
    for _ in 0..EVENTS {
        site.rate().await?;
        sleep(Duration::from_millis(20)).await;
    }
    site.rest(stores).await?;
    // The outcomes of some jobs may share a row; their mean counts for each.
    let rows: Vec<(i32, i64)> = sqlx::query_as(
        "select done, ran_ms from job_movements where kind = 'cache.invalidate.v1' and done > 0",
    )
    .fetch_all(&mut db)
    .await?;
    let mut times = Vec::new();
    for (done, ran) in rows {
        let each = f64::from(i32::try_from(ran)?) / f64::from(done);
        times.extend((0..done).map(|_| each));
    }
    ensure!(!times.is_empty(), "no event was triaged");
    times.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(times.len())?);
    let mean = times.iter().sum::<f64>() / count;
    Ok(Triage { widgets, mean, p99: quantile(&times, 0.99).context("there are some")? })
}
