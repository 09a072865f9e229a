//! Recomputing ranks and virality.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::queue::{Job, Queue};

const AN_HOUR: Option<Duration> = Some(Duration::from_hours(1));

/// Recomputes every live photo's score and rank. Twice computes the same from the same histograms.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshRanks {}

impl Job for RefreshRanks {
    const KIND: &'static str = "ranking.refresh.v1";
    const QUEUE: Queue = Queue::Ranking;
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
    const QUEUE: Queue = Queue::Ranking;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = AN_HOUR;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Recounts all histograms from the raw ratings, mends and reports any that drifted, and starts a new epoch with a
/// prior of what was rated so far. Twice recounts the same; an epoch is started at most once a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecountRatings {}

impl Job for RecountRatings {
    const KIND: &'static str = "ranking.recount.v1";
    const QUEUE: Queue = Queue::Ranking;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(30);

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
