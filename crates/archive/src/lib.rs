//! Lists and reads untrusted archives: zip, tar, and tar compressed with gzip.
//!
//! Nothing is ever written to a path that an archive names: contents are handed out as bytes, one entry at a time, and
//! none is larger than the caller allows. What the headers claim is checked against each other when the archive is
//! opened, and against the contents when they are read. An archive whose claims can't all be true is refused as a whole
//! ([`Refusal`]); an entry that can't be used has a [`Problem`], and the others can still be read.

mod entry;
mod name;
mod source;
mod tar;
#[cfg(any(test, feature = "write"))]
pub mod write;
mod zip;

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;

pub use entry::{Entry, Problem, Refusal};

/// How many leading bytes tell the format of an archive.
pub const HEAD: usize = 512;

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Zip, also with 64-bit sizes.
    Zip,
    /// Tar: POSIX or GNU.
    Tar,
    /// The same, compressed with gzip.
    TarGz,
}

impl Format {
    /// The format of a file that begins with these bytes; `None` if it is no archive.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            [0x1f, 0x8b, 8, ..] => Some(Self::TarGz),
            _ if tar::is_header(head) => Some(Self::Tar),
            _ => None,
        }
    }
}

/// Limits on an archive.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most entries, folders included.
    pub entries: usize,
    /// How many times smaller than its contents an archive may be, or an entry of a zip.
    pub ratio: u64,
    /// The most bytes of all contents together.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 10_000, ratio: 100, unpacked: 10_000_000_000 }
    }
}

/// Why an archive couldn't be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive is at fault; its owner should be told.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our side is at fault: reading the file failed.
    #[error("reading an archive: {0}")]
    Io(#[from] io::Error),
}

/// An archive that was opened and checked.
#[derive(Debug)]
pub struct Archive {
    file: File,
    length: u64,
    limits: Limits,
    format: Format,
    entries: Vec<Entry>,
    /// Of a zip: where each entry's contents are.
    places: Vec<Option<zip::Place>>,
}

impl Archive {
    /// Reads all headers, and checks them.
    ///
    /// # Errors
    /// [`Error::Refused`] with what is wrong with the archive.
    pub fn open(file: File, limits: &Limits) -> Result<Self, Error> {
        let length = file.metadata()?.len();
        let mut head = vec![0; usize::try_from(length).unwrap_or(HEAD).min(HEAD)];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut head, 0)?;
        let format = Format::of(&head).ok_or(Refusal::NotAnArchive)?;
        let mut places = Vec::new();
        let mut entries = match format {
            Format::Zip => {
                let listed = zip::list(&file, length, limits)?;
                places = listed.1;
                listed.0
            }
            Format::Tar | Format::TarGz => tar::list(&file, length, format, limits)?,
        };
        refuse_doubles(&mut entries);
        Ok(Self { file, length, limits: *limits, format, entries, places })
    }

    /// The entries but folders, in the order in which they are stored.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads the contents of the entries with these numbers, none of more than `max` bytes, and passes each to `each`
    /// until that breaks. Entries that have a problem are passed with it.
    ///
    /// # Errors
    /// [`Error::Refused`] if the archive turns out to be damaged.
    pub fn read_each(
        &self,
        wanted: &BTreeSet<u32>,
        max: u64,
        mut each: impl FnMut(u32, Result<Vec<u8>, Problem>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if self.format != Format::Zip {
            let problems =
                self.entries.iter().filter_map(|entry| Some((entry.number, entry.problem?))).collect();
            return tar::read_each(
                (&self.file, self.length, self.format),
                &self.limits,
                (wanted, &problems, max),
                &mut each,
            );
        }
        for (entry, place) in self.entries.iter().zip(&self.places) {
            if !wanted.contains(&entry.number) {
                continue;
            }
            let content = match (entry.problem, place) {
                (Some(problem), _) => Err(problem),
                (None, Some(place)) => zip::read(&self.file, place, entry.size, max)?,
                (None, None) => Err(Problem::Damaged),
            };
            if each(entry.number, content).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Of several entries with one name only the first counts.
fn refuse_doubles(entries: &mut [Entry]) {
    let mut names = HashSet::with_capacity(entries.len());
    for entry in entries {
        if !names.insert(entry.name.clone()) {
            entry.problem.get_or_insert(Problem::Double);
        }
    }
}

/// Reads to the end, at most `size` bytes and one more that tells that there are more.
fn read_up_to(reader: &mut dyn io::Read, size: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::with_capacity(usize::try_from(size.min(1 << 20)).unwrap_or_default());
    io::Read::read_to_end(&mut io::Read::take(reader, size.saturating_add(1)), &mut content)?;
    Ok(content)
}

/// Whether an error says that the contents are wrong, and not that they couldn't be read.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}
