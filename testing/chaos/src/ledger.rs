//! What enqueuers were told: a file each, out of reach of what happens to the database. A commit whose answer got lost is
//! not in it: such a job may be or not, but wholly.

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
    /// Many jobs of a kind, with tags of no meaning, were acknowledged.
    EnqueuedMany {
        /// The kind.
        kind: String,
        /// The jobs.
        jobs: Vec<i64>,
    },
    /// The database refused with an error that no fault explains.
    Refused(String),
}

/// An enqueue that was acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When its transaction began, by the database's clock.
    pub at: DateTime<Utc>,
    /// The kind.
    pub kind: String,
    /// The payload's tag.
    pub tag: i64,
    /// The job; none where a live one with its key made it unnecessary, or where it is enqueued when others have ended.
    pub job: Option<i64>,
    /// The payload's key.
    pub key: Option<String>,
    /// How many jobs follow it.
    pub followers: i16,
}

/// The ledger of one enqueuer.
#[derive(Debug)]
pub struct Ledger(File);

impl Ledger {
    /// Appends to the ledger of that name in `folder`.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn append(folder: &Path, name: &str) -> io::Result<Self> {
        File::options().create(true).append(true).open(folder.join(format!("{name}{SUFFIX}"))).map(Self)
    }

    /// Writes lines, which outlive this process from here on.
    ///
    /// # Errors
    /// When they can't be written.
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
/// When one can't be read, or holds what is no line of ours.
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
