//! A zip that is written to the media store while it grows. Only a few hundred kilobytes of it are in memory.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use parking_lot::Mutex;
use pawdium_shared::store::{ExportKey, ExportWriter};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// How many bytes go to the store at once.
const PIECE: usize = 256 << 10;

/// What the zip has written and the store hasn't got yet.
#[derive(Clone, Debug, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a file is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Packing {
    /// As it is: pictures are compressed already.
    Stored,
    /// Compressed.
    Deflated,
}

/// An archive that is being written.
pub(super) struct Archive {
    zip: ZipWriter<StreamWriter<Pipe>>,
    pipe: Pipe,
    out: ExportWriter,
}

impl Archive {
    pub(super) fn new(out: ExportWriter) -> Self {
        let pipe = Pipe::default();
        Self { zip: ZipWriter::new_stream(pipe.clone()), pipe, out }
    }

    /// Begins a file; what is written from now on belongs to it. No two may have the same name.
    pub(super) fn begin(&mut self, name: &str, at: DateTime<Utc>, packing: Packing) -> anyhow::Result<()> {
        let method = match packing {
            Packing::Stored => CompressionMethod::Stored,
            Packing::Deflated => CompressionMethod::Deflated,
        };
        let options =
            SimpleFileOptions::default().compression_method(method).last_modified_time(dos_time(at));
        self.zip.start_file(name, options).with_context(|| format!("beginning {name}"))
    }

    /// Writes to the file that was begun last.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.zip.write_all(piece)?;
            self.pass_on(PIECE).await?;
        }
        Ok(())
    }

    /// Ends the archive and makes it visible in the store. Returns its key and its size in bytes.
    pub(super) async fn finish(self) -> anyhow::Result<(ExportKey, u64)> {
        let Self { zip, pipe, mut out } = self;
        zip.finish()?;
        let rest = std::mem::take(&mut *pipe.0.lock());
        for piece in rest.chunks(PIECE) {
            out.write(Bytes::copy_from_slice(piece)).await?;
        }
        Ok(out.finish().await?)
    }

    /// Gives the store what the zip has written, if that is so much.
    async fn pass_on(&mut self, at_least: usize) -> anyhow::Result<()> {
        let ready = {
            let mut written = self.pipe.0.lock();
            if written.len() < at_least {
                return Ok(());
            }
            std::mem::take(&mut *written)
        };
        Ok(self.out.write(Bytes::from(ready)).await?)
    }
}

/// The time as zips have it: in steps of two seconds, from 1980 on.
fn dos_time(at: DateTime<Utc>) -> zip::DateTime {
    let part = |value: u32| u8::try_from(value).unwrap_or_default();
    zip::DateTime::from_date_and_time(
        u16::try_from(at.year()).unwrap_or_default(),
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_zips_are_the_first_that_they_have() {
        let at = |text: &str| dos_time(text.parse().expect("a time"));
        let known = at("2026-11-30T14:31:07Z");
        assert_eq!((known.year(), known.month(), known.day()), (2026, 11, 30));
        assert_eq!((known.hour(), known.minute(), known.second()), (14, 31, 6));
        assert_eq!(at("1970-01-01T00:00:00Z"), zip::DateTime::default());
    }
}
