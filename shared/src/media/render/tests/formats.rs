//! Pixels of formats that `image` decodes, in each way in which they are stored.

use std::io::Write as _;

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, Frame, ImageFormat, codecs::gif::GifEncoder};

use super::{EDGE, fixtures, shown_at};
use crate::media::fixtures::{QUARTERS, quarters};

const HALF: u32 = EDGE / 2;
/// The colour of second frames.
const SECOND: [u8; 3] = [10, 10, 10];

fn assert_quarters(what: &str, file: &[u8], expected: [[u8; 3]; 4]) {
    let (near, far) = (EDGE / 4, EDGE * 3 / 4);
    let found = shown_at(file, [(near, near), (far, near), (near, far), (far, far)]);
    let is_near = found.iter().flatten().zip(expected.iter().flatten()).all(|(a, b)| a.abs_diff(*b) <= 5);
    assert!(is_near, "{what}: {found:?} instead of {expected:?}");
}

fn number(number: usize) -> u32 {
    u32::try_from(number).expect("is small")
}

fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    [&number(data.len()).to_be_bytes()[..], &kind, data, &crc.sum().to_be_bytes()].concat()
}

fn zlib(rows: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(rows).expect("is written");
    encoder.finish().expect("is written")
}

/// A PNG of that bit depth, colour type and interlacing, whose rows begin with their filters (PNG, third edition).
fn png([depth, colour, interlaced]: [u8; 3], before: &[u8], rows: &[u8], after: &[u8]) -> Vec<u8> {
    let header = [&EDGE.to_be_bytes()[..], &EDGE.to_be_bytes(), &[depth, colour, 0, 0, interlaced]].concat();
    [
        b"\x89PNG\r\n\x1a\n",
        &png_chunk(*b"IHDR", &header)[..],
        before,
        &png_chunk(*b"IDAT", &zlib(rows)),
        after,
        &png_chunk(*b"IEND", b""),
    ]
    .concat()
}

/// Which quarter a pixel is in.
fn quarter(x: u32, y: u32) -> usize {
    usize::from(x >= HALF) + 2 * usize::from(y >= HALF)
}

/// Rows that aren't filtered; a pixel is as many bytes as its quarter has.
fn rows<const N: usize>(quarters: [[u8; N]; 4]) -> Vec<u8> {
    let row = |y| [0].into_iter().chain((0..EDGE).flat_map(move |x| quarters[quarter(x, y)]));
    (0..EDGE).flat_map(row).collect()
}

#[test]
fn interlaced_pngs_are_put_together() {
    /// Of each pass: its first pixel, and how far the next one is (PNG, third edition, 8.1).
    const PASSES: [[u32; 4]; 7] =
        [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
    let mut rows = Vec::new();
    for [left, top, right, down] in PASSES {
        for y in (top..EDGE).step_by(down as usize) {
            rows.push(0);
            rows.extend((left..EDGE).step_by(right as usize).flat_map(|x| QUARTERS[quarter(x, y)]));
        }
    }
    assert_quarters("interlaced", &png([8, 2, 1], b"", &rows, b""), QUARTERS);
}

#[test]
fn palettes_are_looked_up() {
    let palette = png_chunk(*b"PLTE", QUARTERS.as_flattened());
    assert_quarters("a byte a pixel", &png([8, 3, 0], &palette, &rows([[0], [1], [2], [3]]), b""), QUARTERS);
    let four_a_byte = |upper: bool| {
        let pixels = if upper { [0b0000_0000, 0b0101_0101] } else { [0b1010_1010, 0b1111_1111] };
        [vec![0], vec![pixels[0]; HALF as usize / 4], vec![pixels[1]; HALF as usize / 4]].concat()
    };
    let rows: Vec<u8> = (0..EDGE).flat_map(|y| four_a_byte(y < HALF)).collect();
    assert_quarters("two bits a pixel", &png([2, 3, 0], &palette, &rows, b""), QUARTERS);
    let opacity = png_chunk(*b"tRNS", &[0, 255]);
    let [_, green, blue, yellow] = QUARTERS;
    let file = png([2, 3, 0], &[palette, opacity].concat(), &rows, b"");
    assert_quarters("with opacity", &file, [[255; 3], green, blue, yellow]);
}

#[test]
fn greys_may_be_of_any_depth_and_transparent() {
    let grey = |levels: [u8; 4]| levels.map(|level| [level; 3]);
    let file = png([8, 0, 0], b"", &rows([[0], [100], [180], [255]]), b"");
    assert_quarters("grey", &file, grey([0, 100, 180, 255]));
    let file = png([16, 0, 0], b"", &rows([[0, 9], [100, 9], [180, 9], [255, 9]]), b"");
    assert_quarters("grey of 16 bits", &file, grey([0, 100, 180, 255]));
    let file = png([8, 4, 0], b"", &rows([[0, 255], [100, 255], [100, 128], [50, 0]]), b"");
    assert_quarters("grey and opacity", &file, grey([0, 100, 177, 255]));
    let pixels = [[0, 0, 255, 255], [100, 0, 255, 255], [100, 0, 128, 128], [50, 0, 0, 0]];
    let file = png([16, 4, 0], b"", &rows(pixels), b"");
    assert_quarters("grey and opacity of 16 bits", &file, grey([0, 100, 177, 255]));
    let clear = png_chunk(*b"tRNS", &[0, 100]);
    let file = png([8, 0, 0], &clear, &rows([[0], [100], [180], [255]]), b"");
    assert_quarters("one grey that is clear", &file, grey([0, 255, 180, 255]));
}

/// Made by libwebp of the four quarters.
#[test]
fn lossy_webps_look_as_they_did() {
    assert_quarters("lossy", include_bytes!("quarters.webp"), QUARTERS);
}

#[test]
fn of_a_gif_the_first_frame_is_shown() {
    let mut file = Vec::new();
    let first = DynamicImage::from(quarters(EDGE, EDGE)).into_rgba8();
    let [red, green, blue] = SECOND;
    let second = image::RgbaImage::from_pixel(EDGE, EDGE, image::Rgba([red, green, blue, 255]));
    GifEncoder::new(&mut file).encode_frames([first, second].map(Frame::new)).expect("is encoded");
    assert_quarters("GIF", &file, QUARTERS);
}

#[test]
fn of_an_animated_png_the_first_frame_is_shown() {
    let control = |sequence: u32| {
        let numbers = [sequence, EDGE, EDGE, 0, 0].map(u32::to_be_bytes);
        png_chunk(*b"fcTL", &[numbers.as_flattened(), &[0, 1, 0, 10, 0, 0]].concat())
    };
    let animation = png_chunk(*b"acTL", &[2_u32, 0].map(u32::to_be_bytes).concat());
    let second = [&2_u32.to_be_bytes()[..], &zlib(&rows([SECOND; 4]))].concat();
    let after = [control(1), png_chunk(*b"fdAT", &second)].concat();
    let file = png([8, 2, 0], &[animation, control(0)].concat(), &rows(QUARTERS), &after);
    assert_quarters("APNG", &file, QUARTERS);
}

/// RFC 9649, 2.7.1.
#[test]
fn of_an_animated_webp_the_first_frame_is_shown() {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        [kind, &number(data.len()).to_le_bytes()[..], data, &vec![0; data.len() % 2]].concat()
    };
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let frame = |picture: image::RgbImage| {
        let still = fixtures::file_of(&picture.into(), ImageFormat::WebP);
        let place = [three(0), three(0), three(EDGE - 1), three(EDGE - 1), three(100)].concat();
        chunk(b"ANMF", &[&place, &[0][..], &still[12..]].concat())
    };
    let chunks = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[vec![0b10, 0, 0, 0], three(EDGE - 1), three(EDGE - 1)].concat()),
        chunk(b"ANIM", &[0; 6]),
        frame(quarters(EDGE, EDGE)),
        frame(image::RgbImage::from_pixel(EDGE, EDGE, image::Rgb(SECOND))),
    ];
    assert_quarters("WebP", &chunk(b"RIFF", &chunks.concat()), QUARTERS);
}
