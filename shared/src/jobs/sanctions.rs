//! Sanctions of members.

use std::time::Duration;

use pawdium_queue::{Job, Queue, Unique};
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::queues;

/// Takes away what a member's sanctions take, and gives back what those took that ended, in short transactions. Without
/// a member, enqueues itself for each for whom that is due. Running twice changes nothing, and a job that was killed
/// goes on where it was.
#[derive(Debug, Serialize, Deserialize)]
pub struct SettleSanctions {
    /// The member; `None` for all.
    pub user: Option<UserId>,
}

impl Job for SettleSanctions {
    const KIND: &'static str = "moderation.settle.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 5;
    const PRIORITY: i16 = -1;
    const TIMEOUT: Duration = Duration::from_mins(10);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(24));
    /// What changes while the job runs may be too late for it.
    const UNIQUE: Unique = Unique::WhileWaiting;

    fn unique_key(&self) -> Option<String> {
        Some(self.user.map_or_else(String::new, |user| user.to_string()))
    }
}
