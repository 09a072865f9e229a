//! What a file says of its picture before the first scan.

/// One of a picture's components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentInfo {
    /// The name that scans call it by.
    pub id: u8,
    /// Samples in the time of the picture's [`Header::horizontal`], 1 to 4.
    pub horizontal: u8,
    /// Rows in the time of the picture's [`Header::vertical`], 1 to 4.
    pub vertical: u8,
    /// Which quantization table it uses.
    pub(super) quantization: u8,
}

/// What the components mean, told as libjpeg does: by their number, JFIF's and Adobe's markers, and their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One component.
    Grey,
    /// Luma and two differences of colour, by JFIF's formulas.
    YCbCr,
    /// Red, green, blue.
    Rgb,
    /// Four inks.
    Cmyk,
    /// The first three inks as if their complements were luma and differences, and black.
    Ycck,
}

/// What a file says of its picture before the first scan.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// Pixels in a row, 1 to 65,535.
    pub width: u32,
    /// Rows, 1 to 65,535.
    pub height: u32,
    /// One, three or four components, in the order of the frame's header.
    pub components: Vec<ComponentInfo>,
    /// What they mean.
    pub colour: Colour,
    /// Whether inks are stored as Adobe does: 255 is none.
    pub inverted: bool,
    /// Whether the picture comes in scans that refine it.
    pub progressive: bool,
    /// The ICC profile, unless a part of it is missing or it is larger than 4 MB.
    pub icc: Option<Vec<u8>>,
    /// The EXIF data, from the byte order on.
    pub exif: Option<&'a [u8]>,
}

impl Header<'_> {
    /// The largest horizontal sampling factor of the components.
    pub fn horizontal(&self) -> u8 {
        self.components.iter().map(|component| component.horizontal).max().unwrap_or(1)
    }

    /// The largest vertical sampling factor of the components.
    pub fn vertical(&self) -> u8 {
        self.components.iter().map(|component| component.vertical).max().unwrap_or(1)
    }
}

/// What the segments before the first scan tell about the meaning of the components.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ColourHints {
    pub(super) jfif: bool,
    /// The transform that Adobe's marker names.
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

/// The most bytes of an ICC profile that are put together.
const MOST_ICC: usize = 4 << 20;

/// The chunks of an ICC profile (ICC.1, annex B.4).
#[derive(Default)]
pub(super) struct IccChunks<'a>(Vec<(u8, u8, &'a [u8])>);

impl<'a> IccChunks<'a> {
    /// Notes the chunk of an APP2 segment, if it is one.
    pub(super) fn note(&mut self, segment: &'a [u8]) {
        // Chunks beyond what their numbers can tell apart can't make a profile.
        if let Some([number, total, chunk @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0")
            && self.0.len() <= 255
        {
            self.0.push((*number, *total, chunk));
        }
    }

    /// The whole profile.
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
