//! Cleaning up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::queue::{Job, Queue};

/// Deletes what has expired: sessions, links, drafts, history, uploads and pictures that no photo names. Twice finds
/// less to delete.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "upkeep.purge.v1";
    const QUEUE: Queue = Queue::Upkeep;
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_mins(10);

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}
