//! The ledgers of enqueuers: one file each, which no fault of the database can change. A commit whose answer was lost is
//! not in the ledger: its job may exist or not.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

const SUFFIX: &str = ".ledger";

/// A line of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Line {
    /// The commit was acknowledged.
    Enqueued(Entry),
    /// The commit of many jobs of a kind was acknowledged. Their tags have no meaning.
    EnqueuedMany {
        /// The kind.
        kind: String,
        /// The jobs.
        jobs: Vec<i64>,
    },
    /// The database returned an error that no fault explains.
    Refused(String),
}

/// An acknowledged enqueue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When its transaction began, by the database's clock.
    pub at: DateTime<Utc>,
    /// The kind.
    pub kind: String,
    /// The payload's tag.
    pub tag: i64,
    /// The job's id; `None` if a live job has its key, or if it is the last step of a group.
    pub job: Option<i64>,
    /// The payload's key.
    pub key: Option<String>,
    /// The number of later steps of its chain.
    pub followers: i16,
}

/// The ledger of one enqueuer.
#[derive(Debug)]
pub struct Ledger(File);

impl Ledger {
    /// Opens a ledger in `folder` for appending.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn append(folder: &Path, name: &str) -> io::Result<Self> {
        File::options().create(true).append(true).open(folder.join(format!("{name}{SUFFIX}"))).map(Self)
    }

    /// Writes lines. They survive the process from then on.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn write(&self, lines: &[Line]) -> anyhow::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        (&self.0).write_all(&text)?;
        Ok(())
    }
}

/// Reads all ledgers in `folder`.
///
/// # Errors
/// If one can't be read, or has an invalid line.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(SUFFIX) {
            for line in std::fs::read_to_string(&path)?.lines() {
                lines.push(serde_json::from_str(line)?);
            }
        }
    }
    Ok(lines)
}
