//! Reads the orientation tag from EXIF data, and nothing else.
//!
//! The tag is in the first directory (TIFF 6.0, section 2; EXIF 2.32, 4.6.4 A). Other directories are not followed,
//! so directories nested a thousandfold cost nothing.

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The raw orientation value of EXIF data that start with the TIFF header.
pub(super) fn orientation(tiff: &[u8]) -> Option<u16> {
    let tiff = Tiff { bytes: tiff, is_big_endian: tiff.starts_with(b"MM") };
    let is_marked = tiff.is_big_endian || tiff.bytes.starts_with(b"II");
    if !is_marked || tiff.short(2)? != 42 {
        return None;
    }
    let first = usize::try_from(tiff.long(4)?).ok()?;
    let count = usize::from(tiff.short(first)?);
    let entries = (0..count).map(|number| first.checked_add(2 + 12 * number));
    // A truncated directory ends the search.
    for at in entries.map_while(|at| at.filter(|&at| tiff.at::<12>(at).is_some())) {
        if tiff.short(at)? == ORIENTATION {
            let is_one_short = tiff.short(at + 2)? == SHORT && tiff.long(at + 4)? == 1;
            return if is_one_short { tiff.short(at + 8) } else { None };
        }
    }
    None
}

/// A TIFF file with checked reads.
struct Tiff<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl Tiff<'_> {
    fn at<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.at(at)?;
        Some(if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.at(at)?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}
