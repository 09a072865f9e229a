//! Reports to InfluxDB.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pawdium_queue::{Backoff, Job, Queue};
use serde::{Deserialize, Serialize};

use crate::queues;

/// Reports the figures of one period, computed from Postgres. Running twice overwrites the same points, because their
/// timestamp is the end of the period and not the time of writing.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReportMetrics {
    /// The end of the period.
    pub boundary: DateTime<Utc>,
    /// The length of the period.
    pub seconds: u32,
}

impl Job for ReportMetrics {
    const KIND: &'static str = "metrics.report.v1";
    const QUEUE: Queue = queues::METRICS;
    /// With a maximum backoff of ten minutes, this outlasts an outage of about three hours.
    const ATTEMPTS: i16 = 30;
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_mins(10) };
    const HISTORY: Option<Duration> = Some(Duration::from_hours(1));

    fn unique_key(&self) -> Option<String> {
        Some(self.boundary.timestamp().to_string())
    }
}
