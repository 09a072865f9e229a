//! Reads ISO base media boxes (ISO/IEC 14496-12, 4.2). No declared length is trusted.

use std::io::{BufRead, Read as _, Seek, SeekFrom};

use crate::{MediaError, Refusal, jpeg::read_array};

/// Bytes of the file, consumed from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a>(pub(super) &'a [u8]);

impl<'a> Part<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, left) = self.0.split_at_checked(count).ok_or(Refusal::Damaged)?;
        self.0 = left;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| Refusal::Damaged)
    }

    /// Reads a big-endian number of at most 8 bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Result<u64, Refusal> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Refusal> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Refusal> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Refusal> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Reads four bytes if `is_long`, otherwise two.
    pub(super) fn short_or_long(&mut self, is_long: bool) -> Result<u32, Refusal> {
        if is_long { self.u32() } else { Ok(self.u16()?.into()) }
    }

    /// Reads the version and the lowest flags byte of a full box.
    pub(super) fn version_and_flags(&mut self) -> Result<(u8, u8), Refusal> {
        let [version, _, _, flags] = self.array()?;
        Ok((version, flags))
    }

    /// Reads the next box as type and content, or `None` at the end.
    pub(super) fn next_box(&mut self) -> Result<Option<([u8; 4], Part<'a>)>, Refusal> {
        if self.is_empty() {
            return Ok(None);
        }
        let length = self.u32()?;
        let kind = self.array()?;
        let content = match length {
            0 => self.0.len() as u64,
            1 => self.number(8)?.checked_sub(16).ok_or(Refusal::Damaged)?,
            length => u64::from(length).checked_sub(8).ok_or(Refusal::Damaged)?,
        };
        let content = self.take(usize::try_from(content).map_err(|_| Refusal::Damaged)?)?;
        Ok(Some((kind, Part(content))))
    }
}

/// The position of a box in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: [u8; 4],
    /// Offset of the content.
    pub(super) start: u64,
    /// Offset of the first byte after the box.
    pub(super) end: u64,
}

impl Head {
    /// Reads the box header at `at`. The box must end at or before `end`.
    pub(super) fn read<R: BufRead + Seek>(reader: &mut R, at: u64, end: u64) -> Result<Self, MediaError> {
        reader.seek(SeekFrom::Start(at))?;
        let length = u64::from(u32::from_be_bytes(read_array(reader)?));
        let kind = read_array(reader)?;
        let (head, length) = match length {
            0 => (8, end - at),
            1 => (16, u64::from_be_bytes(read_array(reader)?)),
            length => (8, length),
        };
        let its_end = at.checked_add(length).filter(|&its_end| its_end <= end && length >= head);
        Ok(Self { kind, start: at + head, end: its_end.ok_or(Refusal::Damaged)? })
    }

    pub(super) fn length(&self) -> u64 {
        self.end - self.start
    }
}

/// Reads a range of the file that is known to exist.
pub(super) fn read_range<R: BufRead + Seek>(
    reader: &mut R,
    start: u64,
    length: u64,
) -> Result<Vec<u8>, MediaError> {
    reader.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(Refusal::Damaged.into()) }
}
