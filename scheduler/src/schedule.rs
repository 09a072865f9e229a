//! The cron table.

use std::fmt;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use pawdium_queue::schedules::Announcement;
use pawdium_queue::{Enqueue as _, Job};
use pawdium_shared::config::MetricsConfig;
use pawdium_shared::db::Tx;
use pawdium_shared::jobs::metrics::ReportMetrics;
use pawdium_shared::jobs::moderation::SendCaseDigests;
use pawdium_shared::jobs::notifications::SendDigests;
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks, RefreshVirality};
use pawdium_shared::jobs::sanctions::SettleSanctions;
use pawdium_shared::jobs::talks::TallyTalks;
use pawdium_shared::jobs::topics::{CountTopics, RelateTopics};
use pawdium_shared::jobs::upkeep::{BalanceJobs, ExpireDrafts, Purge};

use crate::tick::{Missed, When};

/// The most reports to replay: a day of them, at one a minute.
const REPORTS: usize = 1440;

type EnqueueAt =
    Box<dyn for<'a> Fn(&'a mut Tx, DateTime<Utc>) -> BoxFuture<'a, sqlx::Result<()>> + Send + Sync>;

/// A line of the table.
pub struct Schedule {
    /// Its name in the database. A schedule with a new name is a new schedule.
    pub name: &'static str,
    /// When it ticks.
    pub when: When,
    /// What happens to missed ticks.
    pub missed: Missed,
    kind: &'static str,
    enqueue: EnqueueAt,
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Schedule {
    /// A schedule that enqueues `job(tick)` for each tick.
    pub fn new<J: Job>(
        name: &'static str,
        when: When,
        missed: Missed,
        job: impl Fn(DateTime<Utc>) -> J + Send + Sync + 'static,
    ) -> Self {
        let enqueue: EnqueueAt = Box::new(move |db, tick| {
            let job = job(tick);
            Box::pin(async move { job.enqueue(db).await.map(drop) })
        });
        Self { name, when, missed, kind: J::KIND, enqueue }
    }

    /// The announcement of this schedule at `now`.
    #[must_use]
    pub fn announcement(&self, now: DateTime<Utc>) -> Announcement {
        Announcement {
            name: self.name,
            expression: self.when.to_string(),
            missed: self.missed.to_string(),
            kind: self.kind,
            next_at: self.when.after(now),
        }
    }

    /// Enqueues a tick's job in the caller's transaction.
    pub async fn enqueue(&self, db: &mut Tx, tick: DateTime<Utc>) -> sqlx::Result<()> {
        (self.enqueue)(db, tick).await
    }
}

/// All schedules. Times are UTC, and the first field of an expression is seconds.
#[must_use]
pub fn table(metrics: Option<&MetricsConfig>) -> Vec<Schedule> {
    let mut table = vec![
        Schedule::new("ranking.refresh", When::cron("0 * * * * *"), Missed::Coalesce, |_| RefreshRanks {}),
        Schedule::new("virality.refresh", When::cron("30 * * * * *"), Missed::Coalesce, |_| {
            RefreshVirality {}
        }),
        Schedule::new("ranking.recount", When::cron("0 17 3 * * *"), Missed::Coalesce, |_| RecountRatings {}),
        Schedule::new("talks.tally", When::Every(10), Missed::Coalesce, |_| TallyTalks { all: false }),
        Schedule::new("talks.recount", When::cron("0 29 3 * * *"), Missed::Coalesce, |_| TallyTalks {
            all: true,
        }),
        Schedule::new("topics.count", When::cron("45 * * * * *"), Missed::Coalesce, |_| CountTopics {
            all: false,
        }),
        Schedule::new("topics.recount", When::cron("0 37 3 * * *"), Missed::Coalesce, |_| CountTopics {
            all: true,
        }),
        Schedule::new("topics.relate", When::cron("20 */10 * * * *"), Missed::Coalesce, |_| RelateTopics {}),
        Schedule::new("notifications.digests", When::cron("0 11 7 * * *"), Missed::Coalesce, |_| {
            SendDigests {}
        }),
        Schedule::new("moderation.digests", When::cron("0 23 7 * * *"), Missed::Coalesce, |_| {
            SendCaseDigests {}
        }),
        Schedule::new("moderation.settle", When::cron("50 * * * * *"), Missed::Coalesce, |_| {
            SettleSanctions { user: None }
        }),
        Schedule::new("upkeep.balance", When::cron("15 * * * * *"), Missed::Coalesce, |_| BalanceJobs {}),
        Schedule::new("upkeep.purge", When::cron("0 43 * * * *"), Missed::Coalesce, |_| Purge {}),
        Schedule::new("upkeep.drafts", When::cron("0 13 * * * *"), Missed::Coalesce, |_| ExpireDrafts {}),
    ];
    if let Some(metrics) = metrics {
        let seconds = u32::try_from(metrics.period_seconds).unwrap_or(u32::MAX);
        let missed = Missed::Replay { max: REPORTS };
        table.push(Schedule::new("metrics.report", When::Every(seconds.into()), missed, move |tick| {
            ReportMetrics { boundary: tick, seconds }
        }));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_reported_only_where_they_are_configured() {
        let names = |metrics: Option<&MetricsConfig>| -> Vec<_> {
            table(metrics).into_iter().map(|schedule| schedule.name).collect()
        };
        assert!(!names(None).contains(&"metrics.report"));
        let metrics = MetricsConfig {
            url: "http://127.0.0.1:8086".parse().expect("a URL"),
            org: "org".into(),
            bucket: "bucket".into(),
            token: String::new().into(),
            period_seconds: 90,
        };
        assert!(names(Some(&metrics)).contains(&"metrics.report"));
    }
}
