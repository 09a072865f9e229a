//! Archives of what members have on the site.

use std::time::Duration;

use pawdium_queue::{Backoff, Job, Queue, Subject};
use serde::{Deserialize, Serialize};

use crate::ids::ExportId;
use crate::queues;

/// Writes the archive that a member asked for. Running twice writes two, and the first that its row names is kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct WriteExport {
    /// The export.
    pub export: ExportId,
}

impl Job for WriteExport {
    const KIND: &'static str = "exports.write.v1";
    const QUEUE: Queue = queues::EXPORTS;
    const ATTEMPTS: i16 = 5;
    /// For some 10 GB from a slow store.
    const TIMEOUT: Duration = Duration::from_hours(3);
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_mins(10) };

    /// Then the export has failed, and its owner can ask for another.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.export.to_string())
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject { kind: "export", id: self.export.0 })
    }
}

/// Deletes archives that have expired, or whose owner is gone. Running twice finds them gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveExports {
    /// Their keys in the media store.
    pub keys: Vec<String>,
}

impl Job for RemoveExports {
    const KIND: &'static str = "exports.remove.v1";
    /// Beside the files of photos, so that it doesn't wait for an archive that is being written.
    const QUEUE: Queue = queues::MEDIA;
    const ATTEMPTS: i16 = 8;
    const TIMEOUT: Duration = Duration::from_mins(1);
    const PRIORITY: i16 = -1;
    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(10) };

    /// The purge deletes what is left after the last attempt.
    fn patience(&self) -> Duration {
        Duration::from_hours(24)
    }
}
