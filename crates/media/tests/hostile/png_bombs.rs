//! PNG: small files that expand to much.

use pawdium_media::Refusal;

use crate::{
    bytes::{MIB, zlib, zlib_of_zeros},
    case::{Case, case, run, run_recorded},
    expected::{DAMAGED, Expected, too_long, too_many_pixels},
    png_file::Png,
};

const WHOLE: Expected = Expected::Rendered(320, 240);

/// The passes of an interlaced picture: first column and row, and steps to the next (PNG, 8.1).
const ADAM7: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// A picture of zeros with complete data: every row with its filter byte.
fn zeros(side: u32, depth: u8, colour: u8, interlaced: u8) -> Vec<u8> {
    let bits = if colour == 6 { 4 } else { 1 } * u64::from(depth);
    let pass = |[x, y, across, down]: [u32; 4]| {
        let columns = u64::from((side - x).div_ceil(across));
        let rows = u64::from((side - y).div_ceil(down));
        ((columns * bits).div_ceil(8) + 1) * rows
    };
    let bytes = if interlaced == 1 { ADAM7.map(pass).iter().sum() } else { pass([0, 0, 1, 1]) };
    Png::of_stream(side, side, [depth, colour, interlaced], zlib_of_zeros(bytes)).file()
}

fn pixel_bombs() -> Vec<Case> {
    vec![
        case("50,000 × 50,000 of one bit", zeros(50_000, 1, 0, 0), too_many_pixels(50_000, 50_000)),
        case(
            "2,147,483,647 × 2,147,483,647",
            Png::of(0x7FFF_FFFF, 0x7FFF_FFFF, 8, 6, 0, &[]).file(),
            too_many_pixels(0x7FFF_FFFF, 0x7FFF_FFFF),
        ),
        case("4,294,967,295 × 1", Png::of(u32::MAX, 1, 8, 6, 0, &[]).file(), too_many_pixels(u32::MAX, 1)),
        case("12,001 × 1,300", Png::of(12_001, 1_300, 8, 0, 0, &[]).file(), too_long(12_001, 1_300)),
        case("49 megapixels of 16 bits and alpha", zeros(7_000, 16, 6, 0), Expected::Rendered(7_000, 7_000))
            .memory(600 * MIB)
            .seconds(40),
        case(
            "49 megapixels of 16 bits and alpha, less memory",
            zeros(7_000, 16, 6, 0),
            Expected::Refused(Refusal::TooMuchMemory),
        )
        .memory(300 * MIB),
        case("9 megapixels, interlaced", zeros(3_000, 1, 0, 1), Expected::Rendered(3_000, 3_000))
            .memory(300 * MIB)
            .seconds(20),
    ]
}

/// Chunks that inflate to gigabytes if a decoder lets them.
fn chunk_bombs() -> Vec<Case> {
    let bomb = zlib_of_zeros(4_000_000_000);
    let photo = || Png::photo();
    let text =
        |kind: &[u8; 4], head: &[u8]| photo().before(*b"IDAT", [(*kind, [head, &bomb].concat())]).file();
    let many = |count: usize| {
        let small = zlib_of_zeros(10_000_000);
        let chunk = (*b"zTXt", [&b"Comment\0\0"[..], &small].concat());
        photo().before(*b"IDAT", vec![chunk; count]).file()
    };
    let frames = zlib(&[1; 1_000]);
    let profile = (*b"iCCP", [&b"icc\0\0"[..], &zlib_of_zeros(50_000_000)].concat());
    vec![
        case("4 GB in zTXt", text(b"zTXt", b"Comment\0\0"), WHOLE).memory(32 * MIB),
        case("4 GB in iTXt", text(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0"), WHOLE).memory(32 * MIB),
        case("4 GB in iTXt of IPTC", text(b"zTXt", b"Raw profile type iptc\0\0"), WHOLE).memory(32 * MIB),
        case("4 GB in iCCP", text(b"iCCP", b"icc\0\0"), WHOLE).memory(96 * MIB),
        case("100 profiles of 50 MB", photo().before(*b"IDAT", vec![profile; 100]).file(), WHOLE)
            .memory(96 * MIB),
        case("1,000 texts of 10 MB", many(1_000), WHOLE).memory(64 * MIB),
        case(
            "20,000 empty texts",
            photo().before(*b"IDAT", vec![(*b"tEXt", b"a\0".to_vec()); 20_000]).file(),
            WHOLE,
        )
        .memory(32 * MIB),
        case(
            "data that inflate to a hundred pictures",
            photo().with(*b"IDAT", |data| *data = zlib_of_zeros(23_064_000)).file(),
            WHOLE,
        ),
        case("4 GB behind the pixels", photo().with(*b"IDAT", |data| data.clone_from(&bomb)).file(), WHOLE)
            .memory(32 * MIB),
        case("one of 1,000 pixels' data", photo().with(*b"IDAT", |data| *data = frames).file(), DAMAGED),
    ]
}

/// APNG: only the first of 10,000 frames is decoded.
fn frame_bombs() -> Vec<Case> {
    let control = |number: u32, width: u32, height: u32| {
        let words = [number, width, height, 0, 0].map(u32::to_be_bytes).concat();
        (*b"fcTL", [&words[..], &[0, 1, 0, 10, 0, 0]].concat())
    };
    let animated = |frames: u32, width, height, data: &[u8]| {
        let mut png = Png::photo()
            .before(*b"IDAT", [(*b"acTL", [frames.to_be_bytes(), [0; 4]].concat()), control(0, 320, 240)]);
        let end = png.position(*b"IEND");
        let frames = (1..frames).flat_map(|at| {
            let data = [&(at * 2).to_be_bytes()[..], data].concat();
            [control(at * 2 - 1, width, height), (*b"fdAT", data)]
        });
        png.chunks.splice(end..end, frames);
        png.file()
    };
    // The default image is not a frame.
    let elsewhere = |width, height, data: &[u8]| {
        let mut png = Png::photo().before(*b"IDAT", [(*b"acTL", [[0, 0, 0, 1], [0; 4]].concat())]);
        let end = png.position(*b"IEND");
        let data = [&[0, 0, 0, 1], data].concat();
        png.chunks.splice(end..end, [control(0, width, height), (*b"fdAT", data)]);
        png.file()
    };
    let mut hidden = Png::photo().before(*b"IDAT", [(*b"acTL", [[0xFF; 4], [0; 4]].concat())]);
    hidden.chunks.swap(1, 2);
    vec![
        case("10,000 frames", animated(10_000, 320, 240, &zlib(&[0; 961 * 240])), WHOLE).memory(32 * MIB),
        case(
            "a second frame of 4 GiB squared",
            animated(2, u32::MAX, u32::MAX, &zlib_of_zeros(1 << 30)),
            WHOLE,
        )
        .memory(32 * MIB),
        case("a first frame elsewhere", elsewhere(320, 240, &zlib(&[0; 961 * 240])), WHOLE),
        case("a first frame elsewhere of 4 GB", elsewhere(320, 240, &zlib_of_zeros(4_000_000_000)), WHOLE)
            .memory(32 * MIB),
        case("a first frame elsewhere of 4 GiB squared", elsewhere(u32::MAX, u32::MAX, &[]), WHOLE),
        case("a first frame elsewhere that is noise", elsewhere(320, 240, &[7; 1_000]), DAMAGED),
        case("a first frame elsewhere without data", elsewhere(320, 240, b""), DAMAGED),
        case("4,294,967,295 frames, none there", hidden.file(), Expected::Bounded(320, 240)),
        case("a first frame smaller than the picture", first_frame(100, 100), Expected::Bounded(320, 240)),
        case(
            "a first frame larger than the picture",
            first_frame(60_000, 60_000),
            Expected::Bounded(320, 240),
        ),
    ]
}

fn first_frame(width: u32, height: u32) -> Vec<u8> {
    let words = [0, width, height, 0, 0].map(u32::to_be_bytes).concat();
    let control = (*b"fcTL", [&words[..], &[0, 1, 0, 10, 0, 0]].concat());
    Png::photo().before(*b"IDAT", [(*b"acTL", [[0, 0, 0, 1], [0; 4]].concat()), control]).file()
}

#[tokio::test]
async fn too_many_pixels_are_refused_and_others_fit() {
    run(pixel_bombs()).await;
}

#[tokio::test]
async fn chunks_are_inflated_only_as_far_as_needed() {
    run(chunk_bombs()).await;
}

#[tokio::test]
async fn only_the_first_frame_is_decoded() {
    run_recorded("png-frame-bombs", frame_bombs()).await;
}
