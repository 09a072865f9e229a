//! Cleaning up.

use std::time::Duration;

use pawdium_queue::{Job, Queue};
use serde::{Deserialize, Serialize};

use crate::queues;

/// Deletes expired sessions, links and history, and files that no photo refers to. Running twice finds less to
/// delete.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "upkeep.purge.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Deletes drafts that expired, in short transactions, with files that nothing else refers to, and tells owners of
/// those that are about to expire. Running twice finds nothing more.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireDrafts {}

impl Job for ExpireDrafts {
    const KIND: &'static str = "upkeep.drafts.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Aggregates the queues' ledger into minutes and totals, and checks that no job is lost. Running twice finds nothing
/// new and checks the same totals.
#[derive(Debug, Serialize, Deserialize)]
pub struct BalanceJobs {}

impl Job for BalanceJobs {
    const KIND: &'static str = "upkeep.balance.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 3;
    const PRIORITY: i16 = -1;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(1));

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
