//! Recomputing ranks and virality.

use std::time::Duration;

use pawdium_queue::{Job, Queue};
use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::queues;

const AN_HOUR: Option<Duration> = Some(Duration::from_hours(1));

/// Recomputes the score and rank of every live photo. Running twice computes the same values from the same histograms.
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

/// Adds new views, shares and link ratings to the photos' counters. One transaction counts a moment and marks it as
/// counted, so running twice counts nothing twice.
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

/// Enqueues a recount of all histograms from the raw ratings, one job per range of photos, and then the start of a new
/// epoch. Running twice recounts the same ranges again.
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

/// Recounts the histograms of a range of photos, and fixes and reports those that drifted. Running twice recounts the
/// same photos.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecountPart {
    /// The first photo of the range.
    pub first: PhotoId,
    /// The last photo of the range, included.
    pub last: PhotoId,
}

impl Job for RecountPart {
    const KIND: &'static str = "ranking.recount_part.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    /// Lower than the refreshes that run every minute.
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(5);
    const HISTORY: Option<Duration> = AN_HOUR;
}

/// Starts a new epoch after all parts of a recount have ended. Its prior comes from all ratings so far. Running twice
/// starts one epoch: at most one starts per day.
#[derive(Debug, Serialize, Deserialize)]
pub struct StartEpoch {}

impl Job for StartEpoch {
    const KIND: &'static str = "ranking.start_epoch.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
}
