//! Recomputing ranks and virality.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::queues;
use pawdium_queue::{Job, Queue};

const AN_HOUR: Option<Duration> = Some(Duration::from_hours(1));

/// Recomputes every live photo's score and rank. Twice computes the same from the same histograms.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshRanks {}

impl Job for RefreshRanks {
    const KIND: &'static str = "ranking.refresh.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = AN_HOUR;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Folds new views, shares and link ratings into the photos' counters. Each is marked as counted in the transaction
/// that counts it, so twice counts nothing twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshVirality {}

impl Job for RefreshVirality {
    const KIND: &'static str = "virality.refresh.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = AN_HOUR;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Has all histograms recounted from the raw ratings, range by range, and then a new epoch started. Twice has the same
/// recounted again.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecountRatings {}

impl Job for RecountRatings {
    const KIND: &'static str = "ranking.recount.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Recounts the histograms of some photos, mends and reports any that drifted. Twice recounts the same.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecountPart {
    /// From this photo on.
    pub first: PhotoId,
    /// To this one.
    pub last: PhotoId,
}

impl Job for RecountPart {
    const KIND: &'static str = "ranking.recount_part.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    /// The refreshes of every minute go before it.
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(5);
    const HISTORY: Option<Duration> = AN_HOUR;
}

/// Starts a new epoch with a prior of what was rated so far, when all parts of a recount have ended. Twice starts one: at
/// most one a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct StartEpoch {}

impl Job for StartEpoch {
    const KIND: &'static str = "ranking.start_epoch.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
}
