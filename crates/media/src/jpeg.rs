//! Walks the segments of a JPEG without decoding (ITU-T T.81, annex B).

use std::io::{self, BufRead, Seek};

use super::{MediaError, Refusal};

/// Start of image.
pub(super) const SOI: u8 = 0xD8;
/// The JFIF header.
pub(super) const APP0: u8 = 0xE0;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;
/// Frame header of a baseline picture.
pub(super) const BASELINE: u8 = 0xC0;
/// Frame header of a progressive picture with Huffman coding.
pub(super) const PROGRESSIVE: u8 = 0xC2;

/// Cameras write far fewer segments; the limit keeps hostile files cheap.
const MAX_SEGMENTS: usize = 10_000;

/// Encoders write about ten scans. A progressive decoder passes over the whole picture for each, however short.
const MAX_SCANS: usize = 100;

/// A marker segment.
#[derive(Debug)]
pub(super) struct Segment {
    /// The second byte of the marker.
    pub(super) marker: u8,
    /// Length of the payload in bytes.
    pub(super) length: u16,
    /// The first bytes of the payload, padded with zeros.
    pub(super) head: [u8; 5],
}

/// The structure of a JPEG.
#[derive(Debug)]
pub(super) struct Anatomy {
    /// Columns as stored.
    pub(super) width: u32,
    /// Rows as stored.
    pub(super) height: u32,
    /// Number of colour components.
    pub(super) components: u8,
    /// The TIFF data of the first EXIF segment.
    pub(super) exif: Option<Vec<u8>>,
    /// All marker segments between start and end of image, in file order.
    pub(super) segments: Vec<Segment>,
    /// Whether bytes exist outside of segments and scans.
    pub(super) stray: bool,
    /// The offset just after the end-of-image marker.
    pub(super) end: u64,
}

/// Walks a JPEG from its first byte to its end-of-image marker, which detects truncated files.
///
/// Bytes after the end, such as a phone's second picture, are ignored.
pub(super) fn walk<R: BufRead + Seek>(reader: &mut R) -> Result<Anatomy, MediaError> {
    if read_array::<_, 2>(reader)? != [0xFF, SOI] {
        return Err(Refusal::NotAPicture.into());
    }
    let mut frame = None;
    let mut exif = None;
    let mut segments = Vec::new();
    let mut scans = 0;
    let mut stray = false;
    loop {
        let (marker, skipped) = next_marker(reader)?;
        stray |= skipped > 0 && segments.last().is_none_or(|segment: &Segment| segment.marker != SOS);
        if marker == EOI {
            break;
        }
        let length = u16::from_be_bytes(read_array(reader)?);
        let length = length.checked_sub(2).ok_or(Refusal::Damaged)?;
        let mut payload = Payload { reader, left: length };
        let mut head = [0; 5];
        match marker {
            APP1 if exif.is_none() => {
                let bytes = payload.read_all()?;
                exif = bytes.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
            }
            _ => payload.read_head(&mut head)?,
        }
        if is_frame(marker) && frame.is_none() {
            frame = Some(Frame::read(marker, head, &mut payload)?);
        }
        payload.skip()?;
        if marker == SOS {
            scans += 1;
        }
        segments.push(Segment { marker, length, head });
        if segments.len() > MAX_SEGMENTS {
            return Err(Refusal::Damaged.into());
        }
        if scans > MAX_SCANS {
            return Err(Refusal::Unsupported.into());
        }
    }
    let Frame { marker, precision, width, height, components } = frame.ok_or(Refusal::Damaged)?;
    if !matches!(marker, BASELINE..=PROGRESSIVE) || precision != 8 {
        return Err(Refusal::Unsupported.into());
    }
    if width == 0 || height == 0 || scans == 0 {
        return Err(Refusal::Damaged.into());
    }
    let end = reader.stream_position()?;
    Ok(Anatomy { width: width.into(), height: height.into(), components, exif, segments, stray, end })
}

/// The fields of a frame header (B.2.2).
struct Frame {
    marker: u8,
    /// Bits per sample.
    precision: u8,
    width: u16,
    height: u16,
    components: u8,
}

impl Frame {
    /// Reads the rest of the header after its first five bytes.
    fn read<R: BufRead + Seek>(
        marker: u8,
        [precision, h1, h0, w1, w0]: [u8; 5],
        payload: &mut Payload<'_, R>,
    ) -> Result<Self, MediaError> {
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        let components = payload.next_byte()?;
        Ok(Self { marker, precision, width, height, components })
    }
}

/// Whether a marker starts a frame. DHT, JPG and DAC lie in the same range.
fn is_frame(marker: u8) -> bool {
    matches!(marker, BASELINE..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// Skips fill bytes and entropy-coded data. Returns the next marker that has a payload or ends the image, and the
/// number of bytes skipped other than fill bytes.
fn next_marker<R: BufRead>(reader: &mut R) -> Result<(u8, usize), MediaError> {
    let mut skipped = 0;
    loop {
        skipped += reader.skip_until(0xFF)?.saturating_sub(1);
        let mut byte = 0xFF;
        while byte == 0xFF {
            [byte] = read_array(reader)?;
        }
        // A stuffed zero, TEM and restart markers belong to the surrounding data.
        if !matches!(byte, 0x00 | 0x01 | 0xD0..=0xD7) {
            return Ok((byte, skipped));
        }
        skipped += 2;
    }
}

/// A segment's payload. Reads stop at its declared length.
struct Payload<'a, R> {
    reader: &'a mut R,
    left: u16,
}

impl<R: BufRead + Seek> Payload<'_, R> {
    fn read_all(&mut self) -> Result<Vec<u8>, MediaError> {
        let mut bytes = vec![0; usize::from(self.left)];
        self.reader.read_exact(&mut bytes).map_err(cut_off)?;
        self.left = 0;
        Ok(bytes)
    }

    fn read_head(&mut self, head: &mut [u8]) -> Result<(), MediaError> {
        for byte in head.iter_mut().take(usize::from(self.left)) {
            *byte = self.next_byte()?;
        }
        Ok(())
    }

    fn next_byte(&mut self) -> Result<u8, MediaError> {
        self.left = self.left.checked_sub(1).ok_or(Refusal::Damaged)?;
        let [byte] = read_array(self.reader)?;
        Ok(byte)
    }

    fn skip(self) -> Result<(), MediaError> {
        Ok(self.reader.seek_relative(i64::from(self.left))?)
    }
}

/// Reads `N` bytes. A file that ends before is damaged.
pub(super) fn read_array<R: BufRead, const N: usize>(reader: &mut R) -> Result<[u8; N], MediaError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(cut_off)?;
    Ok(bytes)
}

fn cut_off(error: io::Error) -> MediaError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Refusal::Damaged.into(),
        _ => error.into(),
    }
}
