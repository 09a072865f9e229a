//! Splits JPEG files into segments, to be reassembled wrongly (ITU-T T.81, annex B).

use std::sync::LazyLock;

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::bytes::photo;

pub(crate) const SOF0: u8 = 0xC0;
pub(crate) const SOF2: u8 = 0xC2;
pub(crate) const DHT: u8 = 0xC4;
pub(crate) const EOI: u8 = 0xD9;
pub(crate) const SOS: u8 = 0xDA;
pub(crate) const DQT: u8 = 0xDB;
pub(crate) const DNL: u8 = 0xDC;
pub(crate) const DRI: u8 = 0xDD;
pub(crate) const APP0: u8 = 0xE0;
pub(crate) const APP1: u8 = 0xE1;
pub(crate) const APP2: u8 = 0xE2;
pub(crate) const COMMENT: u8 = 0xFE;

/// A marker, its payload without the length, and for a scan its entropy-coded data.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) marker: u8,
    pub(crate) payload: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

impl Segment {
    pub(crate) fn new(marker: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { marker, payload: payload.into(), data: Vec::new() }
    }
}

/// A JPEG between start and end of image.
#[derive(Clone, Debug)]
pub(crate) struct Jpeg {
    pub(crate) segments: Vec<Segment>,
}

impl Jpeg {
    /// Splits a valid file.
    pub(crate) fn parse(file: &[u8]) -> Self {
        let mut segments = Vec::new();
        let mut rest = &file[2..];
        while let [0xFF, marker, high, low, ..] = *rest
            && marker != EOI
        {
            let end = 2 + usize::from(u16::from_be_bytes([high, low]));
            let payload = rest[4..end].to_vec();
            rest = &rest[end..];
            let is_end = |at: &[u8]| at[0] == 0xFF && !matches!(at[1], 0 | 0xD0..=0xD7);
            let data = match marker {
                SOS => rest.windows(2).position(is_end).expect("the scan ends"),
                _ => 0,
            };
            segments.push(Segment { marker, payload, data: rest[..data].to_vec() });
            rest = &rest[data..];
        }
        Self { segments }
    }

    /// A photo of 320 × 240, baseline, 4:2:0.
    pub(crate) fn photo() -> Self {
        static PHOTO: LazyLock<Jpeg> = LazyLock::new(|| Jpeg::sized(320, 240));
        PHOTO.clone()
    }

    /// The same photo as a progressive file.
    pub(crate) fn progressive() -> Self {
        static PHOTO: LazyLock<Jpeg> = LazyLock::new(|| Jpeg::progressive_of(320, 240));
        PHOTO.clone()
    }

    pub(crate) fn sized(width: u32, height: u32) -> Self {
        Self::parse(&encoded(&photo(width, height), |_| {}))
    }

    pub(crate) fn progressive_of(width: u32, height: u32) -> Self {
        Self::parse(&encoded(&photo(width, height), |encoder| encoder.set_progressive(true)))
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8];
        for Segment { marker, payload, data } in &self.segments {
            let length = u16::try_from(payload.len() + 2).expect("fits in a segment");
            file.extend([0xFF, *marker]);
            file.extend(length.to_be_bytes());
            file.extend(payload);
            file.extend(data);
        }
        file.extend([0xFF, EOI]);
        file
    }

    pub(crate) fn position(&self, marker: u8) -> usize {
        self.segments.iter().position(|segment| segment.marker == marker).expect("there is one")
    }

    pub(crate) fn first(&mut self, marker: u8) -> &mut Segment {
        let at = self.position(marker);
        &mut self.segments[at]
    }

    /// The file with its first segment of this kind changed.
    pub(crate) fn with(mut self, marker: u8, change: impl FnOnce(&mut Segment)) -> Vec<u8> {
        change(self.first(marker));
        self.file()
    }

    /// The file without segments of this kind.
    pub(crate) fn without(mut self, marker: u8) -> Vec<u8> {
        self.segments.retain(|segment| segment.marker != marker);
        self.file()
    }

    /// The file with these segments at its start.
    pub(crate) fn led_by(mut self, segments: impl IntoIterator<Item = Segment>) -> Vec<u8> {
        self.segments.splice(0..0, segments);
        self.file()
    }

    /// The file with these segments before the first of this kind.
    pub(crate) fn before(mut self, marker: u8, segments: impl IntoIterator<Item = Segment>) -> Vec<u8> {
        let at = self.position(marker);
        self.segments.splice(at..at, segments);
        self.file()
    }

    /// The file with another size in its frame header.
    pub(crate) fn claiming(self, width: u16, height: u16) -> Vec<u8> {
        self.with(SOF0, |frame| {
            frame.payload[1..3].copy_from_slice(&height.to_be_bytes());
            frame.payload[3..5].copy_from_slice(&width.to_be_bytes());
        })
    }
}

pub(crate) fn encoded(picture: &RgbImage, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    set(&mut encoder);
    let fit = |side: u32| u16::try_from(side).expect("fits in a JPEG");
    let (width, height) = picture.dimensions();
    encoder.encode(picture.as_raw(), fit(width), fit(height), ColorType::Rgb).expect("is encoded");
    file
}

/// A grey baseline picture of one colour, as short as possible. Both sides must be whole blocks.
///
/// Its only codes are `0` for "same DC" and for end-of-block, so a block is two bits.
pub(crate) fn plain(width: u16, height: u16) -> Jpeg {
    let [w1, w0] = width.to_be_bytes();
    let [h1, h0] = height.to_be_bytes();
    let one_code = |class: u8| [&[class, 1][..], &[0; 15], &[0]].concat();
    let blocks = usize::from(width / 8) * usize::from(height / 8);
    let mut scan = Segment::new(SOS, [1, 1, 0, 0, 63, 0]);
    scan.data = vec![0; blocks.div_ceil(4)];
    // Padding is ones (F.1.2.3).
    if let Some(last) = scan.data.last_mut() {
        *last = 0xFF_u8.checked_shr(2 * u32::try_from((blocks - 1) % 4 + 1).expect("is small")).unwrap_or(0);
    }
    Jpeg {
        segments: vec![
            Segment::new(DQT, [&[0][..], &[1; 64]].concat()),
            Segment::new(SOF0, [8, h1, h0, w1, w0, 1, 1, 0x11, 0]),
            Segment::new(DHT, [one_code(0x00), one_code(0x10)].concat()),
            scan,
        ],
    }
}
