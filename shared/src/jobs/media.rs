//! Work on pictures.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::PhotoId;
use crate::queue::{Backoff, Job, Queue};

/// Makes the three sizes of one photo. Twice writes the same content-addressed files, and a photo that is live or gone
/// already is left alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessPhoto {
    /// Which one.
    pub photo: PhotoId,
}

impl Job for ProcessPhoto {
    const KIND: &'static str = "media.process.v1";
    const QUEUE: Queue = Queue::Media;
    const ATTEMPTS: i16 = 4;
    const TIMEOUT: Duration = Duration::from_mins(1);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(2) };

    fn unique_key(&self) -> Option<String> {
        Some(self.photo.to_string())
    }
}
