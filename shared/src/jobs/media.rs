//! Work on pictures.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{PhotoId, UserId};
use crate::queues;
use pawdium_queue::{Backoff, Job, Queue, Subject};

/// Makes the three sizes of one photo. Twice writes the same content-addressed files, and a photo that is live or gone
/// already is left alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessPhoto {
    /// Which one.
    pub photo: PhotoId,
    /// Whose it is: owners take turns.
    #[serde(default)]
    pub owner: Option<UserId>,
}

impl Job for ProcessPhoto {
    const KIND: &'static str = "media.process.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 4;
    const TIMEOUT: Duration = Duration::from_mins(3);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(5) };

    /// The upload is kept meanwhile, and for longer.
    fn patience(&self) -> Duration {
        Duration::from_hours(3 * 24)
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.photo.to_string())
    }

    fn partition(&self) -> Option<String> {
        self.owner.map(|owner| Subject::from(owner).to_string())
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}

/// Fails a photo that is still being processed though its job has ended. Enqueued by the database (a trigger on `jobs`),
/// whatever ended the job. Twice finds it failed.
#[derive(Debug, Serialize, Deserialize)]
pub struct AbandonPhoto {
    /// Which one.
    pub photo: PhotoId,
}

impl Job for AbandonPhoto {
    const KIND: &'static str = "media.abandon.v1";
    const QUEUE: Queue = queues::MEDIA;
    const PRIORITY: i16 = -1;

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}

/// Removes the files of a photo that was taken down, except those that another photo names. Twice finds them gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveFiles {
    /// Whose they were.
    pub photo: PhotoId,
    /// The pictures' keys.
    pub pictures: Vec<String>,
    /// The upload's key, where it was not processed yet.
    pub upload: Option<String>,
}

impl Job for RemoveFiles {
    const KIND: &'static str = "media.remove.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 8;
    const TIMEOUT: Duration = Duration::from_mins(1);
    /// Before pictures that wait to be processed: what was taken down is to be gone.
    const PRIORITY: i16 = -1;
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(10) };

    /// What is left then is found by the purge.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}
