//! Counting votes.

use std::time::Duration;

use pawdium_queue::{Job, Queue};
use serde::{Deserialize, Serialize};

use crate::queues;

/// Tells of calls that have entered a phase by the clock, freezes the results of those that have closed, and recounts
/// the votes of those that take votes, or of all calls. Running twice tells of each phase once, freezes each result
/// once and finds the counts right.
#[derive(Debug, Serialize, Deserialize)]
pub struct TallyTalks {
    /// Whether all calls are recounted.
    pub all: bool,
}

impl Job for TallyTalks {
    const KIND: &'static str = "talks.tally.v1";
    /// Where several jobs run at once and all are short. In the queue of ranking it would wait for a recount of all
    /// photos.
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 3;
    const PRIORITY: i16 = -1;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(1));

    fn unique_key(&self) -> Option<String> {
        Some(if self.all { "all" } else { "" }.to_owned())
    }
}
