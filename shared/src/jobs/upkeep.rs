//! Cleaning up.

use crate::queues;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use pawdium_queue::{Job, Queue};

/// Deletes what has expired: sessions, links, drafts, history, uploads and pictures that no photo names. Twice finds
/// less to delete.
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

/// Folds what the queues have moved into minutes and totals, and checks that no job got lost. Twice finds nothing new to
/// fold and balances the same.
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
