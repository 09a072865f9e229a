//! Pixels of the formats that the `image` crate decodes, in every way to store them.

use std::io::Write as _;

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, Frame, ImageFormat, codecs::gif::GifEncoder};

use super::{EDGE, fixtures, shown_at};
use crate::{
    Orientation,
    fixtures::{QUARTERS, quarters, stored_as},
};

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

/// A PNG of this bit depth, colour type and interlacing. Rows start with their filter type (PNG, third edition).
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

/// The quarter that a pixel belongs to.
fn quarter(x: u32, y: u32) -> usize {
    usize::from(x >= HALF) + 2 * usize::from(y >= HALF)
}

/// Unfiltered rows. A pixel has as many bytes as its quarter's value.
fn rows<const N: usize>(quarters: [[u8; N]; 4]) -> Vec<u8> {
    let row = |y| [0].into_iter().chain((0..EDGE).flat_map(move |x| quarters[quarter(x, y)]));
    (0..EDGE).flat_map(row).collect()
}

#[test]
fn interlaced_pngs_are_assembled() {
    /// For each pass, the first pixel and the distance to the next (PNG, third edition, 8.1).
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
fn greys_of_8_and_16_bits_can_be_transparent() {
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

#[test]
fn greys_can_have_few_bits() {
    for (depth, levels) in [(1_u8, [255_u8, 0, 0, 255]), (2, [0, 85, 170, 255]), (4, [17, 102, 187, 238])] {
        // A byte full of pixels of one grey level equals that level in 8 bits.
        let half = HALF as usize * usize::from(depth) / 8;
        let row = |y| {
            let [left, right] = [0, HALF].map(|x| levels[quarter(x, y)]);
            [vec![0], vec![left; half], vec![right; half]].concat()
        };
        let rows: Vec<u8> = (0..EDGE).flat_map(row).collect();
        let file = png([depth, 0, 0], b"", &rows, b"");
        assert_quarters(&format!("{depth} bits"), &file, levels.map(|level| [level; 3]));
        let clear = png_chunk(*b"tRNS", &[0, levels[1] >> (8 - depth)]);
        let file = png([depth, 0, 0], &clear, &rows, b"");
        let expected = levels.map(|level| if level == levels[1] { [255; 3] } else { [level; 3] });
        assert_quarters(&format!("{depth} bits, one grey that is clear"), &file, expected);
    }
}

#[test]
fn colours_can_be_transparent() {
    let [red, green, blue, yellow] = QUARTERS;
    let pixels = [(red, 255), (green, 128), (blue, 0), (yellow, 255)]
        .map(|([red, green, blue], opacity)| [red, green, blue, opacity]);
    let expected = [red, [147, 227, 147], [255; 3], yellow];
    assert_quarters("opacity", &png([8, 6, 0], b"", &rows(pixels), b""), expected);
    let pixels = pixels.map(|[red, green, blue, opacity]| [red, 9, green, 9, blue, 9, opacity, opacity]);
    assert_quarters("opacity of 16 bits", &png([16, 6, 0], b"", &rows(pixels), b""), expected);

    let clear = png_chunk(*b"tRNS", &[0, 40, 0, 200, 0, 40]);
    let file = png([8, 2, 0], &clear, &rows(QUARTERS), b"");
    assert_quarters("one colour that is clear", &file, [red, [255; 3], blue, yellow]);
    let clear = png_chunk(*b"tRNS", &[40, 9, 200, 9, 40, 9]);
    let pixels =
        [[220, 0, 40, 0, 40, 0], [40, 9, 200, 9, 40, 9], [40, 9, 200, 8, 40, 9], [230, 0, 210, 0, 40, 0]];
    let file = png([16, 2, 0], &clear, &rows(pixels), b"");
    assert_quarters("one colour of 16 bits that is clear", &file, [red, [255; 3], green, yellow]);
}

#[test]
fn pngs_are_turned_upright() {
    for orientation in (1..=8).filter_map(Orientation::from_number) {
        let stored = stored_as(&quarters(EDGE + 60, EDGE), orientation);
        let mut file = fixtures::file_of(&stored.into(), ImageFormat::Png);
        // After the signature and IHDR.
        file.splice(33..33, png_chunk(*b"eXIf", &fixtures::exif(orientation)));
        assert_quarters(&format!("{orientation:?}"), &file, QUARTERS);
    }
}

/// Encoded by libwebp from the four quarters.
#[test]
fn lossy_webps_keep_their_colours() {
    assert_quarters("lossy", include_bytes!("quarters.webp"), QUARTERS);
}

#[test]
fn a_gif_shows_its_first_frame() {
    let mut file = Vec::new();
    let first = DynamicImage::from(quarters(EDGE, EDGE)).into_rgba8();
    let [red, green, blue] = SECOND;
    let second = image::RgbaImage::from_pixel(EDGE, EDGE, image::Rgba([red, green, blue, 255]));
    GifEncoder::new(&mut file).encode_frames([first, second].map(Frame::new)).expect("is encoded");
    assert_quarters("GIF", &file, QUARTERS);
}

/// A GIF with a single frame in one of the [`QUARTERS`] colours at this area: left, top, width, height.
///
/// Each byte of its data is its own code (GIF89a, appendix F): the table is cleared before codes need more bits.
fn gif(area: [u32; 4], colour: u8) -> Vec<u8> {
    const CLEAR: u8 = 0x80;
    const END: u8 = 0x81;
    let two = |number: u32| u16::try_from(number).expect("is small").to_le_bytes();
    let [_, _, width, height] = area;
    let hundred_pixels = [&[101, CLEAR][..], &[colour; 100]].concat();
    [
        b"GIF89a",
        [EDGE; 2].map(two).as_flattened(),
        // Four colours. The third is the background, which browsers ignore.
        &[0x81, 2, 0],
        QUARTERS.as_flattened(),
        b",",
        area.map(two).as_flattened(),
        &[0, 7],
        &hundred_pixels.repeat((width * height / 100) as usize),
        &[1, END, 0],
        b";",
    ]
    .concat()
}

#[test]
fn the_canvas_around_a_gifs_first_frame_is_white() {
    const WHITE: [u8; 3] = [255; 3];
    let [_, green, _, yellow] = QUARTERS;
    assert_quarters("a corner", &gif([HALF; 4], 3), [WHITE, WHITE, WHITE, yellow]);
    assert_quarters("the lower half", &gif([0, HALF, EDGE, HALF], 1), [WHITE, WHITE, green, green]);
    assert_quarters("the right half", &gif([HALF, 0, HALF, EDGE], 1), [WHITE, green, WHITE, green]);
}

/// An animation with this number of frames.
fn animation(frames: u32) -> Vec<u8> {
    png_chunk(*b"acTL", &[frames, 0].map(u32::to_be_bytes).concat())
}

/// The area of the next frame: left, top, width, height.
fn frame_control(sequence: u32, [left, top, width, height]: [u32; 4]) -> Vec<u8> {
    let numbers = [sequence, width, height, left, top].map(u32::to_be_bytes);
    png_chunk(*b"fcTL", &[numbers.as_flattened(), &[0, 1, 0, 10, 0, 0]].concat())
}

fn frame_data(sequence: u32, stream: &[u8]) -> Vec<u8> {
    png_chunk(*b"fdAT", &[&sequence.to_be_bytes()[..], stream].concat())
}

const WHOLE: [u32; 4] = [0, 0, EDGE, EDGE];

#[test]
fn an_animated_png_shows_its_first_frame() {
    let second = [frame_control(1, WHOLE), frame_data(2, &zlib(&rows([SECOND; 4])))].concat();
    let before = [animation(2), frame_control(0, WHOLE)].concat();
    let file = png([8, 2, 0], &before, &rows(QUARTERS), &second);
    assert_quarters("the still picture is a frame", &file, QUARTERS);

    let stream = zlib(&rows(QUARTERS));
    let (one, other) = stream.split_at(stream.len() / 2);
    let frames = [
        frame_control(0, WHOLE),
        frame_data(1, one),
        frame_data(2, other),
        frame_control(3, WHOLE),
        frame_data(4, &zlib(&rows([SECOND; 4]))),
    ]
    .concat();
    let file = png([8, 2, 0], &animation(2), &rows([SECOND; 4]), &frames);
    assert_quarters("the still picture is none", &file, QUARTERS);

    let deep = QUARTERS.map(|[red, green, blue]| [red, 0, green, 0, blue, 0]);
    let frames = [frame_control(0, WHOLE), frame_data(1, &zlib(&rows(deep)))].concat();
    let file = png([16, 2, 0], &animation(1), &rows([[0; 6]; 4]), &frames);
    assert_quarters("of 16 bits", &file, QUARTERS);
    let [red, green, blue, yellow] = QUARTERS;
    let palette = png_chunk(*b"PLTE", QUARTERS.as_flattened());
    let frames = [frame_control(0, WHOLE), frame_data(1, &zlib(&rows([[3], [2], [1], [0]])))].concat();
    let file = png([8, 3, 0], &[palette, animation(1)].concat(), &rows([[0]; 4]), &frames);
    assert_quarters("with a palette", &file, [yellow, blue, green, red]);
}

#[test]
fn the_canvas_around_a_pngs_first_frame_is_white() {
    let column = |pixel: &[u8]| {
        let row = [&[0][..], &pixel.repeat(HALF as usize)].concat();
        zlib(&row.repeat(HALF as usize))
    };
    let place = frame_control(0, [HALF, HALF, HALF, HALF]);
    let frames = [place.clone(), frame_data(1, &column(&SECOND))].concat();
    let file = png([8, 2, 0], &animation(1), &rows(QUARTERS), &frames);
    assert_quarters("in colours", &file, [[255; 3], [255; 3], [255; 3], SECOND]);
    let frames = [place, frame_data(1, &column(&[90]))].concat();
    let file = png([8, 0, 0], &animation(1), &rows([[0]; 4]), &frames);
    assert_quarters("grey", &file, [[255; 3], [255; 3], [255; 3], [90; 3]]);
}

#[test]
fn a_png_with_an_invalid_animation_shows_its_default_image() {
    let data = frame_data(1, &zlib(&rows([SECOND; 4])));
    let mut damaged = data.clone();
    *damaged.last_mut().expect("is no empty chunk") ^= 1;
    let control = frame_control(0, WHOLE);
    for (what, before, after) in [
        ("no frames", animation(0), [&control[..], &data].concat()),
        ("no animation", Vec::new(), [&control[..], &data].concat()),
        ("no frame's place", animation(1), data.clone()),
        ("no frame's data", animation(1), control.clone()),
        ("damaged data", animation(1), [&control[..], &damaged].concat()),
        ("no pixels", animation(1), [&frame_control(0, [0, 0, 0, EDGE])[..], &data].concat()),
        ("beyond the picture", animation(1), [&frame_control(0, [1, 0, EDGE, EDGE])[..], &data].concat()),
        ("far beyond", animation(1), [&frame_control(0, [u32::MAX, 0, 1, 1])[..], &data].concat()),
        ("a short place", animation(1), [&png_chunk(*b"fcTL", &[0; 25])[..], &data].concat()),
        ("a place that isn't the first", animation(1), [&frame_control(1, WHOLE)[..], &data].concat()),
        ("a number that is missing", animation(1), [&control[..], &frame_data(2, b"")].concat()),
        ("damaged data behind good", animation(1), [&control[..], &frame_data(1, b""), &damaged].concat()),
        ("data behind the end", animation(1), [&png_chunk(*b"IEND", b"")[..], &control, &data].concat()),
        ("a short animation", png_chunk(*b"acTL", &[0; 3]), [&control[..], &data].concat()),
    ] {
        assert_quarters(what, &png([8, 2, 0], &before, &rows(QUARTERS), &after), QUARTERS);
    }
}

/// An animation without alpha, with frames at these offsets from the left and the top (RFC 9649, 2.7.1).
fn animated_webp<const N: usize>(frames: [([u32; 2], image::RgbImage); N]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        [kind, &number(data.len()).to_le_bytes()[..], data, &vec![0; data.len() % 2]].concat()
    };
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let frames = frames.map(|([left, top], picture)| {
        let (width, height) = picture.dimensions();
        let place = [left / 2, top / 2, width - 1, height - 1, 100].map(three).concat();
        let still = fixtures::file_of(&picture.into(), ImageFormat::WebP);
        chunk(b"ANMF", &[&place, &[0][..], &still[12..]].concat())
    });
    let chunks = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[vec![0b10, 0, 0, 0], three(EDGE - 1), three(EDGE - 1)].concat()),
        // It has a background colour, which browsers ignore.
        chunk(b"ANIM", &[10, 200, 10, 255, 0, 0]),
        frames.concat(),
    ];
    chunk(b"RIFF", &chunks.concat())
}

#[test]
fn an_animated_webp_shows_its_first_frame() {
    let second = image::RgbImage::from_pixel(EDGE, EDGE, image::Rgb(SECOND));
    let file = animated_webp([([0, 0], quarters(EDGE, EDGE)), ([0, 0], second)]);
    assert_quarters("WebP", &file, QUARTERS);
}

#[test]
fn the_canvas_around_a_webps_first_frame_is_white() {
    let corner = image::RgbImage::from_pixel(HALF, HALF, image::Rgb(SECOND));
    let file = animated_webp([([HALF, HALF], corner), ([0, 0], quarters(EDGE, EDGE))]);
    assert_quarters("WebP", &file, [[255; 3], [255; 3], [255; 3], SECOND]);
}
