//! Work on imports.

use std::time::Duration;

use pawdium_queue::{Backoff, Job, Queue, Subject};
use serde::{Deserialize, Serialize};

use crate::ids::{ImportId, UserId};
use crate::queues;

const BACKOFF: Backoff = Backoff { base: Duration::from_secs(2), max: Duration::from_mins(5) };

/// The archive outlives this time.
const PATIENCE: Duration = Duration::from_hours(3 * 24);

/// The policy of all work for an import's owner: owners take turns, and the job is about the import.
macro_rules! of_an_import {
    () => {
        fn partition(&self) -> Option<String> {
            Some(Subject::from(self.owner).to_string())
        }

        fn subject(&self) -> Option<Subject> {
            Some(Subject::from(self.import))
        }
    };
}

/// Takes the pictures out of an archive. Each is noted when it is stored, so running twice goes on with the next.
#[derive(Debug, Serialize, Deserialize)]
pub struct UnpackImport {
    /// The import.
    pub import: ImportId,
    /// Its owner.
    pub owner: UserId,
}

impl Job for UnpackImport {
    const KIND: &'static str = "imports.unpack.v1";
    const QUEUE: Queue = queues::IMPORTS;
    const ATTEMPTS: i16 = 6;
    const TIMEOUT: Duration = Duration::from_hours(1);
    const BACKOFF: Backoff = BACKOFF;

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn unique_key(&self) -> Option<String> {
        Some(self.import.to_string())
    }

    of_an_import!();
}

/// Makes the draft of one picture. The draft and the file's outcome commit together, so running twice finds it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportFile {
    /// The import.
    pub import: ImportId,
    /// The file's place in the archive.
    pub number: i32,
    /// The import's owner.
    pub owner: UserId,
}

impl Job for ImportFile {
    const KIND: &'static str = "imports.file.v1";
    const QUEUE: Queue = queues::IMPORTS;
    const ATTEMPTS: i16 = 4;
    const TIMEOUT: Duration = Duration::from_mins(3);
    const BACKOFF: Backoff = BACKOFF;
    /// There may be thousands of them.
    const HISTORY: Option<Duration> = Some(Duration::from_hours(1));

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.import, self.number))
    }

    of_an_import!();
}

/// Deletes the drafts of an import. Each is noted when it is deleted, so running twice goes on with the next.
#[derive(Debug, Serialize, Deserialize)]
pub struct UndoImport {
    /// The import.
    pub import: ImportId,
    /// Its owner.
    pub owner: UserId,
}

impl Job for UndoImport {
    const KIND: &'static str = "imports.undo.v1";
    const QUEUE: Queue = queues::IMPORTS;
    const TIMEOUT: Duration = Duration::from_mins(10);
    /// Its owner waits for it.
    const PRIORITY: i16 = -1;

    fn unique_key(&self) -> Option<String> {
        Some(self.import.to_string())
    }

    of_an_import!();
}

/// Gives an import, or one of its files, an outcome after its job ended without one. A trigger on `jobs` enqueues it,
/// however the job ended. Running twice finds the outcome.
#[derive(Debug, Serialize, Deserialize)]
pub struct SettleImport {
    /// The import.
    pub import: ImportId,
    /// The file's place in the archive, if the job was about one.
    pub number: Option<i32>,
    /// The kind of the job that ended.
    pub ended: String,
}

impl Job for SettleImport {
    const KIND: &'static str = "imports.settle.v1";
    const QUEUE: Queue = queues::IMPORTS;
    const PRIORITY: i16 = -1;

    fn subject(&self) -> Option<Subject> {
        Some(Subject::from(self.import))
    }
}
