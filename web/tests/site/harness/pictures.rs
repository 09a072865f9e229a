//! Generated pictures, and the inspection of served ones.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder};
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

/// The colours of a picture's quarters: top left, top right, bottom left, bottom right.
pub(crate) const QUARTERS: [[u8; 3]; 4] = [[220, 40, 40], [40, 200, 40], [40, 40, 220], [230, 210, 40]];

/// A JPEG of four quarters.
pub(crate) fn quarters(width: u16, height: u16) -> Vec<u8> {
    encode(QUARTERS, width, height, None)
}

/// The same as a square PNG.
pub(crate) fn quarters_as(format: ImageFormat, side: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(side, side, |x, y| {
        Rgb(QUARTERS[usize::from(x >= side / 2) + 2 * usize::from(y >= side / 2)])
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("it is encoded");
    file.into_inner()
}

/// A square JPEG with soft gradients, like a photo. The seed determines the scene, whatever the side and quality.
pub(crate) fn scene(seed: u8, side: u16, quality: u8) -> Vec<u8> {
    let mut state = u32::from(seed).wrapping_mul(2_654_435_761);
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let blobs: [[f64; 4]; 12] =
        std::array::from_fn(|_| [draw(), draw(), 0.03 + draw() * 0.2, draw() * 240.0 - 120.0]);
    let at = |place: u16| (f64::from(place) + 0.5) / f64::from(side);
    let light = |x: u16, y: u16| {
        blobs.iter().fold(128.0, |sum, [blob_x, blob_y, size, light]| {
            let away = (at(x) - blob_x).powi(2) + (at(y) - blob_y).powi(2);
            sum + light * (-away / (size * size)).exp()
        })
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    let pixels: Vec<u8> = (0..side)
        .flat_map(|y| (0..side).map(move |x| (x, y)))
        .map(|(x, y)| light(x, y).clamp(0.0, 255.0) as u8)
        .collect();
    let mut file = Vec::new();
    Encoder::new(&mut file, quality).encode(&pixels, side, side, ColorType::Luma).expect("it is encoded");
    file
}

/// The four quarters from a camera held on its side: stored as `width` × `height`, to be rotated clockwise (EXIF
/// orientation 6), with a maker and a GPS position.
pub(crate) fn quarters_on_their_side(width: u16, height: u16) -> Vec<u8> {
    let [top_left, top_right, bottom_left, bottom_right] = QUARTERS;
    let stored = [top_right, bottom_right, top_left, bottom_left];
    encode(stored, width, height, Some(&exif(6)))
}

fn encode(colours: [[u8; 3]; 4], width: u16, height: u16, exif: Option<&[u8]>) -> Vec<u8> {
    let half = usize::from(width / 2);
    let row =
        |left: [u8; 3], right: [u8; 3]| [left.repeat(half), right.repeat(usize::from(width) - half)].concat();
    let (upper, lower) = (row(colours[0], colours[1]), row(colours[2], colours[3]));
    let middle = usize::from(height / 2);
    let pixels = [upper.repeat(middle), lower.repeat(usize::from(height) - middle)].concat();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).expect("it fits in a segment");
    }
    encoder.encode(&pixels, width, height, ColorType::Rgb).expect("it is encoded");
    file
}

/// A TIFF structure with EXIF 2.3 tags: maker, orientation, and the GPS latitude 52°31′ north.
fn exif(orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let [high, low] = orientation.to_be_bytes();
    let place_at = 8 + 2 + 3 * 12 + 4_u32;
    let latitude_at = place_at + 2 + 2 * 12 + 4;
    [
        b"MM\0*\0\0\0\x08\0\x03".to_vec(),
        entry(0x010F, 2, 4, *b"Paw\0"),
        entry(0x0112, 3, 1, [high, low, 0, 0]),
        entry(0x8825, 4, 1, place_at.to_be_bytes()),
        vec![0; 4],
        b"\0\x02".to_vec(),
        entry(0x0001, 2, 2, *b"N\0\0\0"),
        entry(0x0002, 5, 3, latitude_at.to_be_bytes()),
        vec![0; 4],
        [52_u32, 1, 31, 1, 0, 1].into_iter().flat_map(u32::to_be_bytes).collect(),
    ]
    .concat()
}

/// A PNG that claims a size in its header and has no pixels.
pub(crate) fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("it is short");
        [&length.to_be_bytes()[..], kind, data, &[0; 4]].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &[]), &chunk(b"IEND", &[])].concat()
}

/// The markers of a JPEG's segments up to its pixels (ITU-T T.81, B.1).
pub(crate) fn markers(jpeg: &[u8]) -> Vec<u8> {
    assert_eq!(jpeg[..2], [0xFF, 0xD8], "a JPEG begins with SOI");
    let (mut found, mut at) = (Vec::new(), 2);
    loop {
        assert_eq!(jpeg[at], 0xFF, "a segment begins with a marker");
        let marker = jpeg[at + 1];
        found.push(marker);
        if marker == 0xDA {
            return found;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
}

/// The width and height of a JPEG, and the colours in the centres of its quarters.
pub(crate) fn look(jpeg: &[u8]) -> (usize, usize, [[u8; 3]; 4]) {
    let mut decoder = JpegDecoder::new(ZCursor::new(jpeg));
    let pixels = decoder.decode().expect("it is a JPEG");
    let (width, height) = decoder.dimensions().expect("it is decoded");
    assert_eq!(pixels.len(), width * height * 3, "three channels");
    let at = |x: usize, y: usize| {
        let begin = 3 * (y * width + x);
        [pixels[begin], pixels[begin + 1], pixels[begin + 2]]
    };
    let (left, right, above, below) = (width / 4, 3 * width / 4, height / 4, 3 * height / 4);
    (width, height, [at(left, above), at(right, above), at(left, below), at(right, below)])
}

/// Whether two colours are equal except for lossy compression.
pub(crate) fn is_close(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter().zip(other).all(|(a, b)| a.abs_diff(b) < 16)
}
