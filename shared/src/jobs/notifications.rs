//! Notifications.

use std::time::Duration;

use pawdium_queue::{Job, Queue};
use serde::{Deserialize, Serialize};

use crate::queues;

/// Enqueues the daily mail of each member who is due for one. Running twice enqueues no second mail for a member whose
/// first still waits, and none for one who got it.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendDigests {}

impl Job for SendDigests {
    const KIND: &'static str = "notifications.digests.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(7 * 24));

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
