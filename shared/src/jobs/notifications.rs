//! Notifications.

use std::time::Duration;

use pawdium_queue::{Job, Queue, Subject};
use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::queues;

/// Notifies the owner of a photo of a remix that went live. The job is completed with the notification, so running
/// twice notifies once.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellOfRemix {
    /// The remix.
    pub photo: PhotoId,
}

impl Job for TellOfRemix {
    const KIND: &'static str = "notifications.remix.v1";
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 10;
    const PRIORITY: i16 = 1;

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}

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
