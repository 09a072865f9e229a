//! Header fields that precede the first scan.

/// One colour component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentInfo {
    /// The id that scans use.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub horizontal: u8,
    /// Vertical sampling factor, 1 to 4.
    pub vertical: u8,
    /// Index of its quantization table.
    pub(super) quantization: u8,
}

/// Colour space, detected like libjpeg: from the number of components, the JFIF and Adobe markers, and the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One component.
    Grey,
    /// Y, Cb and Cr by JFIF's formulas.
    YCbCr,
    /// Red, green and blue.
    Rgb,
    /// Cyan, magenta, yellow and black.
    Cmyk,
    /// CMYK whose first three inks are stored as YCbCr of their complements.
    Ycck,
}

/// Header fields that precede the first scan.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// Width in pixels, 1 to 65,535.
    pub width: u32,
    /// Height in pixels, 1 to 65,535.
    pub height: u32,
    /// One, three or four components in frame order.
    pub components: Vec<ComponentInfo>,
    /// The colour space.
    pub colour: Colour,
    /// Whether inks are inverted, as Adobe stores them: 255 is no ink.
    pub inverted: bool,
    /// Whether the picture is progressive.
    pub progressive: bool,
    /// The ICC profile, unless incomplete or larger than 4 MB.
    pub icc: Option<Vec<u8>>,
    /// The EXIF data, starting with the TIFF header.
    pub exif: Option<&'a [u8]>,
}

impl Header<'_> {
    /// The maximum horizontal sampling factor.
    pub fn horizontal(&self) -> u8 {
        self.components.iter().map(|component| component.horizontal).max().unwrap_or(1)
    }

    /// The maximum vertical sampling factor.
    pub fn vertical(&self) -> u8 {
        self.components.iter().map(|component| component.vertical).max().unwrap_or(1)
    }
}

/// Hints about the colour space from segments before the first scan.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ColourHints {
    pub(super) jfif: bool,
    /// The transform in Adobe's marker.
    pub(super) adobe: Option<u8>,
}

impl ColourHints {
    pub(super) fn colour(self, components: &[ComponentInfo]) -> Colour {
        let ids: Vec<u8> = components.iter().map(|component| component.id).collect();
        match (components.len(), self) {
            (1, _) => Colour::Grey,
            (3, Self { jfif: true, .. }) => Colour::YCbCr,
            (3, Self { adobe: Some(0), .. }) => Colour::Rgb,
            (3, Self { adobe: None, .. }) if ids == *b"RGB" => Colour::Rgb,
            (3, _) => Colour::YCbCr,
            (_, Self { adobe: None | Some(0), .. }) => Colour::Cmyk,
            (_, _) => Colour::Ycck,
        }
    }
}

/// Maximum length of an ICC profile in bytes.
const MOST_ICC: usize = 4 << 20;

/// The chunks of an ICC profile (ICC.1, annex B.4).
#[derive(Default)]
pub(super) struct IccChunks<'a>(Vec<(u8, u8, &'a [u8])>);

impl<'a> IccChunks<'a> {
    /// Adds the chunk of an APP2 segment, if it is one.
    pub(super) fn note(&mut self, segment: &'a [u8]) {
        // Chunks beyond the largest chunk number can't be part of a profile.
        if let Some([number, total, chunk @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0")
            && self.0.len() <= 255
        {
            self.0.push((*number, *total, chunk));
        }
    }

    /// The assembled profile.
    pub(super) fn assemble(mut self) -> Option<Vec<u8>> {
        let total = self.0.first()?.1;
        self.0.sort_by_key(|&(number, ..)| number);
        let whole = self.0.len() == usize::from(total)
            && self.0.iter().zip(1..=255).all(|(&(number, of, _), nth)| number == nth && of == total);
        let length: usize = self.0.iter().map(|(.., chunk)| chunk.len()).sum();
        (whole && length <= MOST_ICC)
            .then(|| self.0.iter().flat_map(|(.., chunk)| chunk.iter().copied()).collect())
    }
}
