//! A JPEG decoder for baseline, extended sequential and progressive files with Huffman coding and 8-bit samples.
//!
//! A damaged or truncated file is an [`Error`], never a partly grey picture.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::inline_always,
    reason = "bits are cut out of words all over, sizes are below 2^20, and what is compiled for newer processors has \
              to be inlined into the one function that is"
)]

mod bits;
mod block;
mod error;
mod header;
mod huffman;
mod idct;
mod layout;
mod progressive;
mod refine;
mod restart;
mod scale;
mod segments;
mod sequential;
mod stream;

use crate::Plane;
pub use error::Error;
pub use header::{Colour, ComponentInfo, Header};
use layout::Layout;
pub use scale::Scale;
use segments::{Extras, Found, Frame, Scan, Segments};

/// Maximum number of scans. libjpeg's scripts make ten.
const MOST_SCANS: u32 = 100;

/// A rectangle of the stored picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Pixels to its left.
    pub x: u32,
    /// Rows above it.
    pub y: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The part of a component that covers a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Whole blocks that cover at least the region.
    pub plane: Plane,
    /// The region within the plane, in samples: left, top, width, height.
    pub crop: [f64; 4],
}

/// A JPEG file with its header parsed.
pub struct Decoder<'a> {
    source: &'a [u8],
    header: Header<'a>,
    frame: Frame,
}

impl<'a> Decoder<'a> {
    /// Parses the segments before the first scan.
    pub fn new(source: &'a [u8]) -> Result<Self, Error> {
        let mut segments = Segments::new(source)?;
        let mut extras = Extras::default();
        let frame = match segments.advance(&mut extras)? {
            Found::Scan(_) => segments.frame.clone().ok_or(Error::Corrupt("no frame"))?,
            Found::End => return Err(Error::Corrupt("a file without a scan")),
        };
        let header = Header {
            width: frame.width,
            height: frame.height,
            colour: extras.hints.colour(&frame.components),
            inverted: frame.components.len() == 4 && extras.hints.adobe.is_some(),
            components: frame.components.clone(),
            progressive: frame.progressive,
            icc: extras.icc.assemble(),
            exif: extras.exif,
        };
        Ok(Self { source, header, frame })
    }

    /// The header.
    pub fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// Decodes what covers `region`, all components at the same scale.
    ///
    /// Sequential files need memory only for the region, progressive ones also 8 bytes for each block of the
    /// picture, so bound the number of pixels of untrusted files first. Damage below the region of a sequential
    /// file, and in scans that an eighth doesn't need, is not detected. A missing end is.
    pub fn decode(&self, region: Region, scale: Scale) -> Result<Vec<Component>, Error> {
        self.decode_at(region, &vec![scale; self.frame.components.len()])
    }

    /// Decodes what covers `region`, with a scale for each component.
    pub fn decode_at(&self, region: Region, scales: &[Scale]) -> Result<Vec<Component>, Error> {
        let right = region.x.checked_add(region.width).ok_or(Error::Region)?;
        let bottom = region.y.checked_add(region.height).ok_or(Error::Region)?;
        let inside = right <= self.frame.width && bottom <= self.frame.height;
        let empty = region.width == 0 || region.height == 0;
        if !inside || empty || scales.len() != self.frame.components.len() {
            return Err(Error::Region);
        }
        let layouts = Layout::all(&self.frame, region, scales);
        let planes =
            if self.frame.progressive { self.progressive(&layouts)? } else { self.sequential(&layouts)? };
        let crops = layouts.iter().map(|layout| layout.crop(&self.frame, region));
        Ok(planes.into_iter().zip(crops).map(|(plane, crop)| Component { plane, crop }).collect())
    }

    fn sequential(&self, layouts: &[Layout]) -> Result<Vec<Plane>, Error> {
        let mut segments = Segments::new(self.source)?;
        let mut planes: Vec<Option<Plane>> = vec![None; layouts.len()];
        while planes.iter().any(Option::is_none) {
            let Found::Scan(scan) = segments.advance(&mut Extras::default())? else {
                return Err(Error::Corrupt("a component is missing"));
            };
            let new = scan.components.iter().map(|&(index, ..)| layouts[index].plane());
            let mut new = new.collect::<Result<Vec<_>, _>>()?;
            let mut parts = Vec::new();
            for (&(index, dc, ac), plane) in scan.components.iter().zip(&mut new) {
                if planes[index].is_some() {
                    return Err(Error::Corrupt("a component comes twice"));
                }
                let quantization = self.quantization(&segments, index)?;
                parts.push(sequential::Part::new(
                    layouts[index],
                    quantization,
                    &segments.tables,
                    (dc, ac),
                    plane,
                )?);
            }
            self.check_mcu(&scan)?;
            let interval = segments.tables.restart_interval;
            let mcus = layout::mcus(&self.frame);
            let stream = stream::Stream::new(self.source, segments.position);
            segments.position = sequential::scan(stream, &mut parts, mcus, interval)?;
            for (&(index, ..), plane) in scan.components.iter().zip(new) {
                planes[index] = Some(plane);
            }
        }
        Ok(planes.into_iter().flatten().collect())
    }

    fn progressive(&self, layouts: &[Layout]) -> Result<Vec<Plane>, Error> {
        let mut segments = Segments::new(self.source)?;
        let mcus = layout::mcus(&self.frame);
        let mut stores = progressive::Store::all(layouts, mcus)?;
        let mut quantization = vec![None; layouts.len()];
        let mut scans = 0;
        loop {
            let scan = match segments.advance(&mut Extras::default()) {
                Ok(Found::Scan(scan)) => scan,
                Ok(Found::End) => break,
                // A missing end marker is tolerated, missing data are not.
                Err(Error::Truncated) if stores.iter().all(progressive::Store::complete) => break,
                Err(error) => return Err(error),
            };
            scans += 1;
            if scans > MOST_SCANS {
                return Err(Error::TooMany("scans"));
            }
            for &(index, ..) in &scan.components {
                if quantization[index].is_none() {
                    quantization[index] = Some(*self.quantization(&segments, index)?);
                }
            }
            self.check_mcu(&scan)?;
            segments.position = progressive::scan(self.source, &segments, &scan, &mut stores, mcus)?;
        }
        let missing = Error::Corrupt("a component is missing");
        let quantization = quantization.into_iter().map(|table| table.ok_or(missing));
        stores.into_iter().zip(quantization).map(|(store, table)| store.plane(&table?)).collect()
    }

    fn quantization<'t>(&self, segments: &'t Segments<'_>, index: usize) -> Result<&'t [u16; 64], Error> {
        let table = usize::from(self.frame.components[index].quantization);
        segments.tables.quantization[table].as_ref().ok_or(Error::Corrupt("a quantization table is missing"))
    }

    /// T.81, B.2.3: an MCU has no more than ten blocks.
    fn check_mcu(&self, scan: &Scan) -> Result<(), Error> {
        let blocks = |&(index, ..): &(usize, usize, usize)| {
            let component = self.frame.components[index];
            u32::from(component.horizontal * component.vertical)
        };
        let fits = scan.components.len() == 1 || scan.components.iter().map(blocks).sum::<u32>() <= 10;
        if fits { Ok(()) } else { Err(Error::Corrupt("an MCU of more than ten blocks")) }
    }
}
