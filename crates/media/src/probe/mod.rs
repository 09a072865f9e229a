//! Determines format and size from magic bytes and headers.
//!
//! No pixel is decoded or allocated, so the worker itself can probe untrusted files. The whole structure is walked,
//! so a truncated upload is refused at once.

mod webp;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use super::{
    Format, Limits, MAGIC, MediaError, Orientation, Refusal, avif,
    jpeg::{self, read_array},
};

/// The orientation is among the first entries. Larger data are thumbnails, maker notes or an attack.
const MAX_EXIF: u32 = 1 << 20;

/// What the headers of a picture say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Probe {
    /// The format by magic bytes, not by file name.
    pub format: Format,
    /// Pixels as stored, before orientation is applied.
    pub width: u32,
    /// Pixels as stored, before orientation is applied.
    pub height: u32,
    /// The transform that makes the picture upright.
    pub orientation: Orientation,
}

impl Probe {
    /// Width and height of the upright picture, the coordinates that crops use.
    pub fn upright_size(&self) -> (u32, u32) {
        self.orientation.turn_size(self.width, self.height)
    }
}

/// Probes a file on a blocking thread, see [`probe`].
pub async fn probe_file(file: File, limits: Limits) -> Result<Probe, MediaError> {
    let task = tokio::task::spawn_blocking(move || probe(&mut BufReader::new(file), &limits));
    task.await.map_err(io::Error::other)?
}

/// Identifies the format, reads size and orientation, and checks the limits and what the decoders support.
///
/// Reads from the start to the end of the picture without keeping it in memory.
pub fn probe<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Probe, MediaError> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    if length == 0 {
        return Err(Refusal::Empty.into());
    }
    if length > limits.max_bytes {
        return Err(Refusal::TooManyBytes { max: limits.max_bytes }.into());
    }
    let mut head = Vec::with_capacity(MAGIC);
    reader.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
    reader.rewind()?;
    let found = match Format::of(&head) {
        Some(Format::Jpeg) => probe_jpeg(reader)?,
        Some(Format::Png) => probe_png(reader, limits)?,
        Some(Format::WebP) => webp::probe(reader, length, limits)?,
        Some(Format::Gif) => probe_gif(reader, limits)?,
        Some(Format::Avif) => probe_avif(reader, length, limits)?,
        None => return Err(Refusal::NotAPicture.into()),
    };
    limits.check_size(found.width, found.height)?;
    Ok(found)
}

fn probe_avif<R: BufRead + Seek>(reader: &mut R, length: u64, limits: &Limits) -> Result<Probe, MediaError> {
    let picture = avif::read(reader, length, limits)?;
    let (width, height) = picture.size();
    Ok(Probe { format: Format::Avif, width, height, orientation: picture.orientation })
}

fn probe_jpeg<R: BufRead + Seek>(reader: &mut R) -> Result<Probe, MediaError> {
    let anatomy = jpeg::walk(reader)?;
    let orientation = anatomy.exif.as_deref().map(Orientation::from_exif).unwrap_or_default();
    Ok(Probe { format: Format::Jpeg, width: anatomy.width, height: anatomy.height, orientation })
}

/// PNG, third edition, section 5: chunks of length, type, data and checksum, from IHDR to IEND.
fn probe_png<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Probe, MediaError> {
    reader.seek_relative(8)?;
    if read_array(reader)? != *b"\0\0\0\x0dIHDR" {
        return Err(Refusal::Damaged.into());
    }
    let width = u32::from_be_bytes(read_array(reader)?);
    let height = u32::from_be_bytes(read_array(reader)?);
    limits.check_size(width, height)?;
    reader.seek_relative(5 + 4)?;
    let mut orientation = None;
    let mut seen_data = false;
    loop {
        let length = u32::from_be_bytes(read_array(reader)?);
        let kind: [u8; 4] = read_array(reader)?;
        match &kind {
            b"IEND" => {
                let _checksum: [u8; 4] = read_array(reader)?;
                break;
            }
            // Browsers also ignore an orientation after the pixels.
            b"eXIf" if !seen_data && orientation.is_none() && length <= MAX_EXIF => {
                orientation = Some(Orientation::from_exif(&read_vec(reader, length)?));
                reader.seek_relative(4)?;
                continue;
            }
            b"IDAT" => seen_data = true,
            // The decoder panics if the palette's length isn't a multiple of three.
            b"PLTE" if !length.is_multiple_of(3) => return Err(Refusal::Damaged.into()),
            _ => {}
        }
        reader.seek_relative(i64::from(length) + 4)?;
    }
    if !seen_data {
        return Err(Refusal::Damaged.into());
    }
    Ok(Probe { format: Format::Png, width, height, orientation: orientation.unwrap_or_default() })
}

/// GIF89a: the logical screen, then blocks up to the end of the first image.
fn probe_gif<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Probe, MediaError> {
    const EXTENSION: u8 = 0x21;
    const IMAGE: u8 = 0x2C;
    reader.seek_relative(6)?;
    let width = u16::from_le_bytes(read_array(reader)?);
    let height = u16::from_le_bytes(read_array(reader)?);
    limits.check_size(width.into(), height.into())?;
    let [flags, _, _] = read_array(reader)?;
    reader.seek_relative(colour_table(flags))?;
    loop {
        let [block] = read_array(reader)?;
        match block {
            EXTENSION => {
                reader.seek_relative(1)?;
                skip_sub_blocks(reader)?;
            }
            IMAGE => {
                let [_, _, _, _, w0, w1, h0, h1, flags] = read_array(reader)?;
                let area = u64::from(u16::from_le_bytes([w0, w1])) * u64::from(u16::from_le_bytes([h0, h1]));
                // The decoder allocates the whole frame, even if the screen is smaller.
                if area > limits.max_pixels {
                    return Err(Refusal::Damaged.into());
                }
                reader.seek_relative(colour_table(flags) + 1)?;
                skip_sub_blocks(reader)?;
                break;
            }
            _ => return Err(Refusal::Damaged.into()),
        }
    }
    Ok(Probe {
        format: Format::Gif,
        width: width.into(),
        height: height.into(),
        orientation: Orientation::default(),
    })
}

/// Bytes of the colour table that a flags byte announces.
fn colour_table(flags: u8) -> i64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn skip_sub_blocks<R: BufRead + Seek>(reader: &mut R) -> Result<(), MediaError> {
    loop {
        let [length] = read_array(reader)?;
        if length == 0 {
            return Ok(());
        }
        reader.seek_relative(length.into())?;
    }
}

fn read_vec<R: BufRead>(reader: &mut R, length: u32) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    reader.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == u64::from(length) { Ok(bytes) } else { Err(Refusal::Damaged.into()) }
}

#[cfg(test)]
mod tests;
