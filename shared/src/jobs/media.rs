//! Work on pictures.

use std::time::Duration;

use pawdium_queue::{Backoff, Job, Queue, Subject, Unique};
use serde::{Deserialize, Serialize};

use crate::ids::{PhotoId, UserId};
use crate::queues;

/// Makes the three sizes of one photo, or of the new crop of a live one. Running twice writes the same
/// content-addressed files. A photo that is already live without a new crop, or gone, is left alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessPhoto {
    /// The photo to process.
    pub photo: PhotoId,
    /// The photo's owner. Owners take turns.
    #[serde(default)]
    pub owner: Option<UserId>,
}

impl Job for ProcessPhoto {
    const KIND: &'static str = "media.process.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 4;
    const TIMEOUT: Duration = Duration::from_mins(3);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(5) };

    /// The original outlives this time.
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

/// Makes a member's portrait of an upload. Running twice finds no upload.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeAvatar {
    /// The member.
    pub user: UserId,
}

impl Job for MakeAvatar {
    const KIND: &'static str = "media.avatar.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 4;
    const TIMEOUT: Duration = Duration::from_mins(3);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(5) };
    /// An upload that comes while another is made into a portrait takes its place.
    const UNIQUE: Unique = Unique::WhileWaiting;

    /// The purge keeps the upload as long as it is needed.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.user.to_string())
    }

    fn partition(&self) -> Option<String> {
        Some(Subject::from(self.user).to_string())
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.user))
    }
}

/// Fails a photo that is still processing after its job ended. A trigger on `jobs` enqueues it, however the job ended.
/// Running twice finds the photo failed.
#[derive(Debug, Serialize, Deserialize)]
pub struct AbandonPhoto {
    /// The photo to fail.
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

/// Deletes the files of many drafts that expired, except those that a photo refers to. Running twice finds them gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardFiles {
    /// The keys of originals.
    pub originals: Vec<String>,
    /// The keys of pictures.
    pub pictures: Vec<String>,
}

impl Job for DiscardFiles {
    const KIND: &'static str = "media.discard.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 8;
    const TIMEOUT: Duration = Duration::from_mins(5);
    /// Lower than processing, because nobody waits for it.
    const PRIORITY: i16 = 1;
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(10) };

    /// The purge deletes what is left after the last attempt.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }
}

/// Deletes the files of a photo that was hidden or deleted, except those that another photo refers to. Running twice
/// finds them gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveFiles {
    /// The photo that they belonged to.
    pub photo: PhotoId,
    /// The keys of its pictures.
    pub pictures: Vec<String>,
    /// The key of its original, if it is still stored.
    #[serde(rename = "upload")]
    pub original: Option<String>,
}

impl Job for RemoveFiles {
    const KIND: &'static str = "media.remove.v1";
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 8;
    const TIMEOUT: Duration = Duration::from_mins(1);
    /// Higher than processing, so that hidden and deleted files disappear quickly.
    const PRIORITY: i16 = -1;
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(10) };

    /// The purge deletes what is left after the last attempt.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.photo))
    }
}
