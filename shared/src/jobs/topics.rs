//! Upkeep of topics.

use std::time::Duration;

use pawdium_queue::{Job, Queue};
use serde::{Deserialize, Serialize};

use crate::ids::TopicId;
use crate::queues;

const AN_HOUR: Option<Duration> = Some(Duration::from_hours(1));

/// Adds up the changes of topics' counts, and gives topics to photos that an earlier version tagged; or compares all
/// counts with the photos. Running twice finds nothing more to add, and the counts right.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountTopics {
    /// Whether all photos are counted.
    pub all: bool,
}

impl Job for CountTopics {
    const KIND: &'static str = "topics.count.v1";
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);
    const HISTORY: Option<Duration> = AN_HOUR;

    fn unique_key(&self) -> Option<String> {
        Some(if self.all { "all" } else { "" }.to_owned())
    }
}

/// Computes which topics belong together. Running twice computes the same.
#[derive(Debug, Serialize, Deserialize)]
pub struct RelateTopics {}

impl Job for RelateTopics {
    const KIND: &'static str = "topics.relate.v1";
    const QUEUE: Queue = queues::RANKING;
    const ATTEMPTS: i16 = 3;
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(10);
    const HISTORY: Option<Duration> = AN_HOUR;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Writes the names of topics to the photos that bear one of these tags, so that search finds them by the names that
/// moderators gave. Running twice writes the same names.
#[derive(Debug, Serialize, Deserialize)]
pub struct RewriteTags {
    /// The tags.
    pub topics: Vec<TopicId>,
}

impl Job for RewriteTags {
    const KIND: &'static str = "topics.rewrite.v1";
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 5;
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(10);
    const HISTORY: Option<Duration> = AN_HOUR;
}
