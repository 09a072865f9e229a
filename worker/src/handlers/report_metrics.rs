//! Reports to InfluxDB.

use chrono::TimeDelta;
use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::metrics::ReportMetrics;
use pawdium_shared::metrics::figures;

use crate::env::Env;

/// Reports one period. Does nothing if InfluxDB is not configured.
pub async fn report_metrics(job: ReportMetrics, env: &Env, _: &Claim) -> Result<(), JobError> {
    let Some(influx) = &env.influx else { return Ok(()) };
    let points = {
        let mut db = env.db.acquire().await?;
        figures::compute(&mut db, job.boundary, TimeDelta::seconds(job.seconds.into())).await?
    };
    influx.write(&points).await?;
    Ok(())
}
