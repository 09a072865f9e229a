//! Reading a file from any place, without moving the position that all its handles share.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;

use flate2::bufread::MultiGzDecoder;

/// How much is read at once, in bytes.
const AT_ONCE: usize = 64 << 10;

/// A part of a file.
pub(super) struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl<'a> Part<'a> {
    pub(super) fn new(file: &'a File, at: u64, length: u64) -> Self {
        Self { file, at, end: at.saturating_add(length) }
    }

    pub(super) fn buffered(self) -> BufReader<Self> {
        BufReader::with_capacity(AT_ONCE, self)
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..length], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The bytes of a tar, of which no more are unpacked than allowed.
pub(super) enum Tape<'a> {
    Plain(BufReader<Part<'a>>),
    Packed(Box<MultiGzDecoder<BufReader<Part<'a>>>>),
}

/// A tape that ends with an error once it has given too many bytes.
pub(super) struct Bounded<'a> {
    tape: Tape<'a>,
    left: u64,
    given: u64,
    /// Whether there was more than allowed.
    pub(super) is_exceeded: bool,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(tape: Tape<'a>, left: u64) -> Self {
        Self { tape, left, given: 0, is_exceeded: false }
    }

    /// How many bytes were read or skipped.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Reads on to the checksum at the end of what is compressed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.tape {
            Tape::Plain(_) => Ok(()),
            Tape::Packed(_) => io::copy(self, &mut io::sink()).map(drop),
        }
    }

    /// Skips bytes. There may be fewer of them: the next read tells.
    pub(super) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if let Tape::Plain(reader) = &mut self.tape {
            let buffered = (reader.buffer().len() as u64).min(bytes);
            reader.consume(usize::try_from(buffered).unwrap_or_default());
            let part = reader.get_mut();
            if bytes > buffered {
                let at = part.at.saturating_add(bytes - buffered);
                if at > part.end {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                part.at = at;
            }
            self.left = self.left.saturating_sub(bytes);
            self.given += bytes;
            return Ok(());
        }
        let skipped = io::copy(&mut self.by_ref().take(bytes), &mut io::sink())?;
        if skipped < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if length == 0 && !buffer.is_empty() {
            self.is_exceeded = true;
            return Err(io::Error::other("the archive has more contents than allowed"));
        }
        let buffer = &mut buffer[..length];
        let read = match &mut self.tape {
            Tape::Plain(reader) => reader.read(buffer)?,
            Tape::Packed(reader) => reader.read(buffer)?,
        };
        self.left -= read as u64;
        self.given += read as u64;
        Ok(read)
    }
}
