//! WebP: a RIFF file of chunks (RFC 9649).

use std::io::{BufRead, Seek};

use super::{Format, MAX_EXIF, Probe, read_vec};
use crate::{Limits, MediaError, Orientation, Refusal, jpeg::read_array};

/// Walks the chunks. The size is the canvas's, or the image's if the file has no canvas.
///
/// An image that doesn't match its canvas is refused. The decoder would notice too, but only after it has allocated
/// the canvas.
pub(super) fn probe<R: BufRead + Seek>(
    reader: &mut R,
    length: u64,
    limits: &Limits,
) -> Result<Probe, MediaError> {
    reader.seek_relative(4)?;
    let end = 8 + u64::from(u32::from_le_bytes(read_array(reader)?));
    if end > length {
        return Err(Refusal::Damaged.into());
    }
    reader.seek_relative(4)?;
    let mut size = None;
    let mut orientation = None;
    let mut animated = false;
    let mut left = end.saturating_sub(12);
    while left >= 8 {
        let mut chunk = Chunk::begin(reader, left)?;
        left = left.saturating_sub(8 + chunk.padded());
        match &chunk.kind {
            b"VP8X" if size.is_none() => {
                let (width, height) = canvas_size(chunk.read(reader)?);
                limits.check_size(width, height)?;
                size = Some((width, height));
            }
            b"VP8 " | b"VP8L" => {
                let found = picture_size(chunk.kind, chunk.read(reader)?)?;
                if *size.get_or_insert(found) != found {
                    return Err(Refusal::Damaged.into());
                }
            }
            b"ANMF" if !animated => {
                check_frame(&mut chunk, reader, size)?;
                animated = true;
            }
            b"EXIF" if orientation.is_none() && chunk.length <= MAX_EXIF => {
                let exif = read_vec(reader, chunk.length)?;
                chunk.read += chunk.length;
                // Some programs write JPEG's EXIF prefix here as well.
                let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
                orientation = Some(Orientation::from_exif(tiff));
            }
            _ => {}
        }
        chunk.skip(reader)?;
    }
    let (width, height) = size.ok_or(Refusal::Damaged)?;
    Ok(Probe { format: Format::WebP, width, height, orientation: orientation.unwrap_or_default() })
}

/// A partly read chunk.
struct Chunk {
    kind: [u8; 4],
    length: u32,
    read: u32,
}

impl Chunk {
    /// Reads a chunk header. `left` is the number of bytes left in the file, including the header.
    fn begin<R: BufRead>(reader: &mut R, left: u64) -> Result<Self, MediaError> {
        let kind = read_array(reader)?;
        let length = u32::from_le_bytes(read_array(reader)?);
        // Writers often omit the last padding byte.
        if 8 + u64::from(length) > left {
            return Err(Refusal::Damaged.into());
        }
        Ok(Self { kind, length, read: 0 })
    }

    fn padded(&self) -> u64 {
        u64::from(self.length) + u64::from(self.length % 2)
    }

    /// Reads within the chunk.
    fn read<R: BufRead, const N: usize>(&mut self, reader: &mut R) -> Result<[u8; N], MediaError> {
        let read = u32::try_from(N).ok().and_then(|more| self.read.checked_add(more));
        self.read = read.filter(|&read| read <= self.length).ok_or(Refusal::Damaged)?;
        read_array(reader)
    }

    fn skip<R: Seek>(&self, reader: &mut R) -> Result<(), MediaError> {
        let left = self.padded() - u64::from(self.read);
        Ok(reader.seek_relative(left.try_into().map_err(|_| Refusal::Damaged)?)?)
    }
}

/// Checks that the first frame lies on the canvas and that its image has the declared size (2.7.1.4).
fn check_frame<R: BufRead + Seek>(
    frame: &mut Chunk,
    reader: &mut R,
    canvas: Option<(u32, u32)>,
) -> Result<(), MediaError> {
    let canvas = canvas.ok_or(Refusal::Damaged)?;
    let [x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2, _, _, _, _] = frame.read(reader)?;
    let number = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]);
    let (x, y) = (2 * number(x0, x1, x2), 2 * number(y0, y1, y2));
    let size = (number(w0, w1, w2) + 1, number(h0, h1, h2) + 1);
    if x + size.0 > canvas.0 || y + size.1 > canvas.1 {
        return Err(Refusal::Damaged.into());
    }
    loop {
        let mut inner = Chunk::begin(reader, u64::from(frame.length - frame.read))?;
        frame.read += 8;
        if inner.kind == *b"ALPH" {
            inner.skip(reader)?;
            frame.read = frame.read.saturating_add(inner.length + inner.length % 2).min(frame.length);
            continue;
        }
        let found = picture_size(inner.kind, inner.read(reader)?)?;
        frame.read += inner.read;
        return if found == size { Ok(()) } else { Err(Refusal::Damaged.into()) };
    }
}

/// Width and height from a VP8X chunk.
pub(super) fn canvas_size([_, _, _, _, b4, b5, b6, b7, b8, b9]: [u8; 10]) -> (u32, u32) {
    (u32::from_le_bytes([b4, b5, b6, 0]) + 1, u32::from_le_bytes([b7, b8, b9, 0]) + 1)
}

/// Width and height from the first ten bytes of a VP8 or VP8L chunk.
pub(super) fn picture_size(kind: [u8; 4], head: [u8; 10]) -> Result<(u32, u32), Refusal> {
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9] = head;
    match &kind {
        b"VP8 " if [b3, b4, b5] == [0x9D, 0x01, 0x2A] => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            Ok((side(b6, b7), side(b8, b9)))
        }
        b"VP8L" if b0 == 0x2F => {
            let bits = u32::from_le_bytes([b1, b2, b3, b4]);
            Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        _ => Err(Refusal::Damaged),
    }
}
