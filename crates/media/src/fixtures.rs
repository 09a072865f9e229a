//! Generated pictures for tests.

use std::{
    fs::File,
    io::{Cursor, Seek, SeekFrom, Write},
};

use image::{DynamicImage, ImageFormat, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use pawdium_avif_samples::{Avif, Still};

use super::{Orientation, colour};

/// The colours of [`quarters`]: top left, top right, bottom left, bottom right.
pub(super) const QUARTERS: [[u8; 3]; 4] = [[220, 40, 40], [40, 200, 40], [40, 40, 220], [230, 210, 40]];

/// A picture of four quarters, each in its own colour.
pub(super) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let quarter = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
        image::Rgb(QUARTERS[quarter])
    })
}

/// A picture with camera-like noise. The same size always gives the same picture.
pub(super) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_F491_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = state >> 28;
        let level = |v: u32| u8::try_from((v % 240 + grain).min(255)).unwrap_or(u8::MAX);
        image::Rgb([level(x / 9), level(y / 7), level((x + y) / 13)])
    })
}

/// Stores an upright picture so that `orientation` turns it upright again.
pub(super) fn stored_as(picture: &RgbImage, orientation: Orientation) -> RgbImage {
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    match orientation {
        Orientation::Upright => picture.clone(),
        Orientation::Mirrored => flip_horizontal(picture),
        Orientation::UpsideDown => rotate180(picture),
        Orientation::Flipped => flip_vertical(picture),
        Orientation::Transposed => flip_horizontal(&rotate90(picture)),
        Orientation::Clockwise => rotate270(picture),
        Orientation::Transversed => flip_horizontal(&rotate270(picture)),
        Orientation::CounterClockwise => rotate90(picture),
    }
}

/// Options of [`jpeg`].
#[derive(Default)]
pub(super) struct JpegWith {
    pub(super) exif: Option<Vec<u8>>,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) progressive: bool,
    /// Full chroma resolution; otherwise chroma has half.
    pub(super) full_chroma: bool,
    pub(super) restart_interval: u16,
    /// Optimised Huffman tables, and one scan per component.
    pub(super) optimised: bool,
}

pub(super) fn jpeg(picture: &RgbImage, with: &JpegWith) -> Vec<u8> {
    encode(picture.as_raw(), picture.dimensions(), ColorType::Rgb, with)
}

/// Encodes samples of any colour type as JPEG.
pub(super) fn encode(samples: &[u8], size: (u32, u32), colours: ColorType, with: &JpegWith) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 92);
    let sampling = if with.full_chroma { SamplingFactor::R_4_4_4 } else { SamplingFactor::R_4_2_0 };
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(with.progressive);
    encoder.set_restart_interval(with.restart_interval);
    encoder.set_optimized_huffman_tables(with.optimised);
    if let Some(exif) = &with.exif {
        encoder.add_exif_metadata(exif).expect("fits in a segment");
    }
    if let Some(profile) = &with.profile {
        encoder.add_icc_profile(profile).expect("fits in segments");
    }
    let fit = |length: u32| u16::try_from(length).expect("fits in a JPEG");
    encoder.encode(samples, fit(size.0), fit(size.1), colours).expect("is encoded");
    file
}

/// EXIF as a phone writes it: orientation, maker and GPS position.
pub(super) fn exif(orientation: Orientation) -> Vec<u8> {
    let short = |tag: u16, value: u16| {
        [&tag.to_be_bytes()[..], &[0, 3, 0, 0, 0, 1], &value.to_be_bytes(), &[0, 0]].concat()
    };
    let ascii = |tag: u16, text: &[u8; 4]| [&tag.to_be_bytes()[..], &[0, 2, 0, 0, 0, 4], text].concat();
    let pointer =
        |tag: u16, offset: u32| [&tag.to_be_bytes()[..], &[0, 4, 0, 0, 0, 1], &offset.to_be_bytes()].concat();
    let gps_at = 8 + 2 + 3 * 12 + 4;
    let latitude_at = gps_at + 2 + 2 * 12 + 4;
    [
        b"MM\0*\0\0\0\x08".to_vec(),
        3_u16.to_be_bytes().to_vec(),
        ascii(0x010F, b"Paw\0"),
        short(0x0112, orientation as u16),
        pointer(0x8825, gps_at),
        vec![0; 4],
        2_u16.to_be_bytes().to_vec(),
        ascii(0x0001, b"N\0\0\0"),
        [&[0, 2, 0, 5, 0, 0, 0, 3][..], &latitude_at.to_be_bytes()].concat(),
        vec![0; 4],
        [52_u32, 1, 31, 1, 0, 1].into_iter().flat_map(u32::to_be_bytes).collect(),
    ]
    .concat()
}

/// Encodes a picture as PNG, GIF or WebP.
pub(super) fn file_of(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("is encoded");
    file.into_inner()
}

/// Encodes [`quarters`] as AVIF with 8 or 10 bits.
pub(super) fn avif(width: u32, height: u32, deep: bool) -> Vec<u8> {
    let still = Still { depth: if deep { 10 } else { 8 }, ..Still::new(width, height) };
    let coded = QUARTERS.map(|colour| {
        let [blue, red] = colour::chroma([colour; 4]);
        [colour::luma(colour), blue, red].map(|sample| u16::from(sample) << (still.depth - 8))
    });
    Avif::of(&still, still.quarters(coded)).file()
}

/// A PNG header that claims a size, with an empty IDAT and an IEND.
pub(super) fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("is short");
        [&length.to_be_bytes()[..], kind, data, &[0; 4]].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &[]), &chunk(b"IEND", &[])].concat()
}

/// An open file with this content, positioned at its start.
pub(super) fn open(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("is made");
    file.write_all(content).expect("is written");
    file.seek(SeekFrom::Start(0)).expect("is rewound");
    file
}
