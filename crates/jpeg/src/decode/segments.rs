//! Parses the segments of a file (T.81, annex B).

use super::Error;
use super::header::{ColourHints, ComponentInfo, IccChunks};
use super::huffman::Definition;

pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;

/// Maximum number of segments. Photos with much metadata have a few hundred.
const MOST_SEGMENTS: u32 = 10_000;

/// The tables in effect at a position of the file.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) quantization: [Option<[u16; 64]>; 4],
    pub(super) dc: [Option<Definition>; 4],
    pub(super) ac: [Option<Definition>; 4],
    /// MCUs between restart markers; 0 for none.
    pub(super) restart_interval: u32,
}

/// A frame header (T.81, B.2.2).
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<ComponentInfo>,
}

/// A scan header (T.81, B.2.3).
pub(super) struct Scan {
    /// Components by index in the frame, with their DC and AC tables.
    pub(super) components: Vec<(usize, usize, usize)>,
    /// The band of coefficients.
    pub(super) first: u8,
    pub(super) last: u8,
    /// Successive approximation: the lowest bit of earlier scans (or 0) and of this one.
    pub(super) high: u8,
    pub(super) low: u8,
}

/// The result of [`Segments::advance`].
pub(super) enum Found {
    /// A scan whose entropy-coded data start at [`Segments::position`].
    Scan(Scan),
    /// The end of the picture.
    End,
}

/// Iterates over a file's segments.
pub(super) struct Segments<'a> {
    data: &'a [u8],
    pub(super) position: usize,
    pub(super) tables: Tables,
    pub(super) frame: Option<Frame>,
    seen: u32,
}

/// Metadata found in segments.
#[derive(Default)]
pub(super) struct Extras<'a> {
    pub(super) hints: ColourHints,
    pub(super) icc: IccChunks<'a>,
    pub(super) exif: Option<&'a [u8]>,
}

impl<'a> Segments<'a> {
    /// Starts after SOI.
    pub(super) fn new(data: &'a [u8]) -> Result<Self, Error> {
        if !data.starts_with(&[0xFF, SOI, 0xFF]) {
            return Err(Error::NotJpeg);
        }
        Ok(Self { data, position: 2, tables: Tables::default(), frame: None, seen: 0 })
    }

    /// Parses up to the next scan or the end of the picture.
    pub(super) fn advance(&mut self, extras: &mut Extras<'a>) -> Result<Found, Error> {
        loop {
            let (marker, position) = next_marker(self.data, self.position).ok_or(Error::Truncated)?;
            self.position = position;
            self.seen += 1;
            if self.seen > MOST_SEGMENTS {
                return Err(Error::TooMany("segments"));
            }
            match marker {
                EOI => return Ok(Found::End),
                // TEM and stray restart markers have no payload.
                0x01 | 0xD0..=0xD7 => continue,
                SOI => return Err(Error::Corrupt("a second picture begins inside the first")),
                _ => {}
            }
            let segment = self.segment()?;
            match marker {
                SOS => return self.scan(segment).map(Found::Scan),
                DQT => self.quantization(segment)?,
                DHT => self.huffman(segment)?,
                DRI => {
                    let interval = segment.try_into().map_err(|_| Error::Corrupt("a restart interval"))?;
                    self.tables.restart_interval = u32::from(u16::from_be_bytes(interval));
                }
                0xC0..=0xCF | 0xDC | 0xDE | 0xDF => self.frame(marker, segment)?,
                0xE0 => extras.hints.jfif |= segment.len() >= 14 && segment.starts_with(b"JFIF\0"),
                0xE1 => extras.exif = extras.exif.or_else(|| segment.strip_prefix(b"Exif\0\0")),
                0xE2 => extras.icc.note(segment),
                0xEE if segment.len() >= 12 && segment.starts_with(b"Adobe") => {
                    extras.hints.adobe = Some(segment[11]);
                }
                _ => {}
            }
        }
    }

    /// The contents of the next segment, starting at its length.
    fn segment(&mut self) -> Result<&'a [u8], Error> {
        let rest = self.data.get(self.position..).unwrap_or_default();
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Error::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let contents = length.checked_sub(2).ok_or(Error::Corrupt("a segment shorter than its length"))?;
        self.position += length;
        rest.get(..contents).ok_or(Error::Truncated)
    }

    fn frame(&mut self, marker: u8, segment: &[u8]) -> Result<(), Error> {
        const SHORT: Error = Error::Corrupt("the frame's header is short");
        match marker {
            0xC0..=0xC2 => {}
            0xC3 => return Err(Error::Unsupported("lossless coding")),
            0xC9..=0xCC => return Err(Error::Unsupported("arithmetic coding")),
            0xDC => return Err(Error::Unsupported("a deferred height")),
            _ => return Err(Error::Unsupported("hierarchical coding")),
        }
        if self.frame.is_some() {
            return Err(Error::Corrupt("a second frame"));
        }
        let (&[precision, y1, y0, x1, x0, count], rest) = segment.split_first_chunk::<6>().ok_or(SHORT)?;
        let (width, height) = (u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0]));
        if precision != 8 {
            return Err(Error::Unsupported("samples of more than 8 bits"));
        }
        match (count, width, height) {
            (0 | 5.., ..) => return Err(Error::Corrupt("the number of components")),
            (2, ..) => return Err(Error::Unsupported("two components")),
            (_, 0, _) => return Err(Error::Corrupt("a picture without width")),
            (.., 0) => return Err(Error::Unsupported("a deferred height")),
            _ => {}
        }
        let parse = |chunk: &[u8; 3]| {
            let [id, sampling, quantization] = *chunk;
            let (horizontal, vertical) = (sampling >> 4, sampling & 15);
            let fits = (1..=4).contains(&horizontal) && (1..=4).contains(&vertical) && quantization < 4;
            fits.then_some(ComponentInfo { id, horizontal, vertical, quantization })
                .ok_or(Error::Corrupt("a component's sampling or table"))
        };
        let (chunks, _) = rest.as_chunks::<3>();
        let chunks = chunks.get(..usize::from(count)).ok_or(SHORT)?;
        let components = chunks.iter().map(parse).collect::<Result<_, _>>()?;
        let (width, height, progressive) = (width.into(), height.into(), marker == 0xC2);
        self.frame = Some(Frame { progressive, width, height, components });
        Ok(())
    }

    fn quantization(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        const WRONG: Error = Error::Corrupt("a quantization table");
        while let Some((&head, rest)) = segment.split_first() {
            let (wide, index) = (head >> 4, usize::from(head & 15));
            let mut table = [0; 64];
            if wide == 0 {
                let (values, rest) = rest.split_first_chunk::<64>().ok_or(WRONG)?;
                table = values.map(u16::from);
                segment = rest;
            } else {
                let (values, rest) = rest.split_first_chunk::<128>().ok_or(WRONG)?;
                for (value, bytes) in table.iter_mut().zip(values.as_chunks::<2>().0) {
                    *value = u16::from_be_bytes(*bytes);
                }
                segment = rest;
            }
            if wide > 1 {
                return Err(WRONG);
            }
            *self.tables.quantization.get_mut(index).ok_or(WRONG)? = Some(table);
        }
        Ok(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        const WRONG: Error = Error::Corrupt("a Huffman table");
        while let Some((&head, rest)) = segment.split_first() {
            let (definition, rest) = Definition::parse(rest).ok_or(WRONG)?;
            let class = match head >> 4 {
                0 => &mut self.tables.dc,
                1 => &mut self.tables.ac,
                _ => return Err(WRONG),
            };
            *class.get_mut(usize::from(head & 15)).ok_or(WRONG)? = Some(definition);
            segment = rest;
        }
        Ok(())
    }

    fn scan(&self, segment: &[u8]) -> Result<Scan, Error> {
        const WRONG: Error = Error::Corrupt("a scan's header");
        let frame = self.frame.as_ref().ok_or(Error::Corrupt("a scan before the frame"))?;
        let (&count, rest) = segment.split_first().ok_or(WRONG)?;
        let (selectors, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(WRONG)?;
        let [first, last, approximation, ..] = *rest else { return Err(WRONG) };
        let mut components: Vec<(usize, usize, usize)> = Vec::new();
        for &[id, tables] in selectors.as_chunks::<2>().0 {
            let index = (0..frame.components.len())
                .find(|&index| {
                    frame.components[index].id == id && components.iter().all(|&(taken, ..)| taken != index)
                })
                .ok_or(WRONG)?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc > 3 || ac > 3 {
                return Err(WRONG);
            }
            components.push((index, dc, ac));
        }
        if components.is_empty() {
            return Err(WRONG);
        }
        let (high, low) = (approximation >> 4, approximation & 15);
        if !frame.progressive {
            return Ok(Scan { components, first: 0, last: 63, high: 0, low: 0 });
        }
        let band_fits = if first == 0 { last == 0 } else { first <= last && last < 64 && count == 1 };
        // A refinement adds one bit. libjpeg accepts others, but no encoder writes them.
        if !band_fits || low > 13 || (high != 0 && high != low + 1) {
            return Err(WRONG);
        }
        Ok(Scan { components, first, last, high, low })
    }
}

/// The next marker from `position` and the position after it. Skips stray bytes, fill bytes and stuffed zeros.
pub(super) fn next_marker(data: &[u8], mut position: usize) -> Option<(u8, usize)> {
    loop {
        position += memchr::memchr(0xFF, data.get(position..)?)?;
        match data.get(position + 1)? {
            0x00 => position += 2,
            0xFF => position += 1,
            &marker => return Some((marker, position + 2)),
        }
    }
}

/// The position of the marker that ends the scan at `position`.
pub(super) fn end_of_scan(data: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let (marker, behind) = next_marker(data, position)?;
        if !(0xD0..=0xD7).contains(&marker) {
            return Some(behind - 2);
        }
        position = behind;
    }
}
