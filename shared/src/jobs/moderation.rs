//! What reporters and moderators hear.

use std::time::Duration;

use pawdium_queue::{Job, Queue, Subject};
use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, PhotoId};
use crate::queues;

/// Notifies the reporters of a closed case. Running twice notifies nobody twice: each report records that it was told.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellReporters {
    /// The case.
    pub case: CaseId,
}

impl Job for TellReporters {
    const KIND: &'static str = "moderation.tell.v1";
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 10;
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(5);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(24));
}

/// Opens a case for each live remix of a photo that moderators have taken away, or for a remix of such a photo that
/// went live. The job is completed with its cases, so running twice opens none twice.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviewRemixes {
    /// The photo that was taken away, or that went live.
    pub photo: PhotoId,
}

impl Job for ReviewRemixes {
    const KIND: &'static str = "moderation.remixes.v1";
    const QUEUE: Queue = queues::CACHE;
    const ATTEMPTS: i16 = 10;
    const PRIORITY: i16 = 1;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(24));

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}

/// Enqueues the digest of each moderator who is due for one. Running twice enqueues no second mail for a moderator whose
/// first still waits, and none for one who got it.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendCaseDigests {}

impl Job for SendCaseDigests {
    const KIND: &'static str = "moderation.digests.v1";
    const QUEUE: Queue = queues::UPKEEP;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(2);
    const HISTORY: Option<Duration> = Some(Duration::from_hours(7 * 24));

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
