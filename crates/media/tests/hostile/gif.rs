//! GIF: frames outside their screen, invalid codes, endless blocks.

use crate::{
    bytes::MIB,
    case::{Case, case, run_recorded},
    expected::{DAMAGED, Expected, NOT_A_PICTURE, too_many_pixels, too_narrow},
    gif_file::{Gif, blocks, codes, uncompressed},
};

const WHOLE: Expected = Expected::Rendered(320, 240);
const BOUNDED: Expected = Expected::Bounded(320, 240);

fn gif() -> Gif {
    Gif::plain(320, 240)
}

fn bombs() -> Vec<Case> {
    let extensions = |block: &[u8], count| Gif { before: block.repeat(count), ..gif() }.file();
    let comment = [&[0x21, 0xFE][..], &blocks(&[b' '; 10_000])].concat();
    let xmp = [&[0x21, 0xFF, 11][..], b"XMP DataXMP", &blocks(&vec![b' '; 2_000_000])].concat();
    let profiles = [&[0x21, 0xFF, 11][..], b"ICCRGBG1012", &blocks(&vec![7; 100_000])].concat();
    let control = [0x21, 0xF9, 4, 0, 0, 0, 0, 0];
    let image = gif().image();
    vec![
        case("65,535 × 65,535", Gif { screen: [65_535; 2], ..gif() }.file(), too_many_pixels(65_535, 65_535)),
        case("a frame of 65,535 × 65,535 on a small screen", framed([0, 0, 65_535, 65_535]), DAMAGED),
        case("a frame of 65,535 × 65,535 outside of it", framed([65_535; 4]), DAMAGED),
        case("a frame of 11,000 × 11,000 on a small screen", framed([0, 0, 11_000, 11_000]), DAMAGED),
        case(
            "48 megapixels without data for them",
            Gif { screen: [12_000, 4_000], frame: [0, 0, 12_000, 4_000], ..gif() }.file(),
            BOUNDED,
        )
        .memory(256 * MIB)
        .seconds(10),
        case("300 frames", Gif { after: [image.repeat(300), vec![0x3B]].concat(), ..gif() }.file(), WHOLE)
            .memory(24 * MIB),
        case("a million frames", Gif { after: tiny_frames(1_000_000), ..gif() }.file(), WHOLE)
            .memory(24 * MIB),
        case(
            "a second frame of 65,535 × 65,535",
            Gif { after: Gif { frame: [0, 0, 65_535, 65_535], ..gif() }.image(), ..gif() }.file(),
            WHOLE,
        ),
        case("a million controls", extensions(&control, 1_000_000), WHOLE).memory(24 * MIB),
        case("1,000 comments", extensions(&comment, 1_000), WHOLE).memory(24 * MIB),
        case("2 MB of XMP, four times", extensions(&xmp, 4), WHOLE).memory(24 * MIB),
        case("100 profiles", extensions(&profiles, 100), WHOLE).memory(24 * MIB),
        case("data that go on for 200 pictures", Gif { data: zeros(320 * 240 * 200), ..gif() }.file(), WHOLE)
            .memory(24 * MIB),
    ]
}

fn framed(frame: [u16; 4]) -> Vec<u8> {
    Gif { frame, ..gif() }.file()
}

/// Frames of one pixel each.
fn tiny_frames(count: usize) -> Vec<u8> {
    let one = Gif { frame: [0, 0, 1, 1], data: codes(2, &[4, 0, 5]), ..gif() }.image();
    one.repeat(count)
}

fn zeros(pixels: usize) -> Vec<u8> {
    uncompressed(2, std::iter::repeat_n(0, pixels))
}

fn frames() -> Vec<Case> {
    let mut half_table = gif().file();
    half_table.truncate(13 + 6);
    vec![
        case("whole", gif().file(), WHOLE),
        case("interlaced", Gif { flags: 0x40, ..gif() }.file(), WHOLE),
        case("version 87", [b"GIF87a", &gif().file()[6..]].concat(), WHOLE),
        case("version 90", [b"GIF90a", &gif().file()[6..]].concat(), NOT_A_PICTURE),
        case("no frame", Gif { after: vec![0x3B], ..gif() }.file()[..13 + 12].to_vec(), DAMAGED),
        case("an end and no frame", [&gif().file()[..13 + 12], &[0x3B]].concat(), DAMAGED),
        case("half of a colour table", half_table, DAMAGED),
        case("no colour table at all", Gif { colours: None, ..gif() }.file(), BOUNDED),
        case("a local colour table that is missing", Gif { flags: 0x87, ..gif() }.file(), BOUNDED),
        case("a frame of no columns", framed([0, 0, 0, 240]), BOUNDED),
        case("a frame of no pixels", framed([0, 0, 0, 0]), BOUNDED),
        case(
            "a frame in the corner",
            Gif { frame: [310, 230, 10, 10], data: zeros(100), ..gif() }.file(),
            BOUNDED,
        ),
        case("a frame that sticks out", framed([100, 100, 320, 240]), BOUNDED),
        case("a frame far outside", framed([60_000, 60_000, 320, 240]), BOUNDED),
        case("a frame that is one column wider", framed([0, 0, 321, 240]), BOUNDED),
        case(
            "a transparent colour that isn't there",
            Gif { before: vec![0x21, 0xF9, 4, 1, 0, 0, 200, 0], ..gif() }.file(),
            WHOLE,
        ),
        case(
            "a control of 255 bytes",
            Gif { before: [&[0x21, 0xF9][..], &blocks(&[0xFF; 255])].concat(), ..gif() }.file(),
            BOUNDED,
        ),
        case("a control of no bytes", Gif { before: vec![0x21, 0xF9, 0], ..gif() }.file(), BOUNDED),
        case(
            "an extension of no kind",
            Gif { before: [&[0x21, 0x77][..], &blocks(&[1; 99])].concat(), ..gif() }.file(),
            BOUNDED,
        ),
        case("a byte that begins no block", Gif { before: vec![0x99], ..gif() }.file(), DAMAGED),
        case("no end", Gif { after: Vec::new(), ..gif() }.file(), WHOLE),
        case("a script behind", [gif().file(), b"*/=alert(1)//".to_vec()].concat(), WHOLE),
        case("a script around it", script(), too_narrow(10_799, 240)),
    ]
}

/// `GIF89a/*…*/=1;alert(1)`: the screen width opens a JavaScript comment, which ends after the picture.
fn script() -> Vec<u8> {
    let mut gif = Gif { after: b"\x3B*/=1;alert(document.domain)".to_vec(), ..gif() };
    gif.screen = [u16::from_le_bytes(*b"/*"), 240];
    let file = gif.file();
    assert!(file.starts_with(b"GIF89a/*"));
    file
}

fn data() -> Vec<Case> {
    let with = |code_size: u8, data: Vec<u8>| Gif { code_size, data, ..gif() }.file();
    let mut cases: Vec<Case> = [0, 1, 9, 11, 12, 13, 200, 255]
        .map(|size| case(format!("a code size of {size}"), with(size, gif().data), BOUNDED))
        .into();
    cases.extend([
        case("no data", with(2, Vec::new()), DAMAGED),
        case("half of the data", with(2, gif().data[..gif().data.len() / 2].to_vec()), BOUNDED),
        case("an end at once", with(2, codes(2, &[4, 5])), BOUNDED),
        case("nothing but clear codes", with(2, codes(2, &vec![4; 50_000])), BOUNDED),
        case("a first code that isn't there", with(2, codes(2, &[4, 7, 7, 7, 5])), BOUNDED),
        case("no clear code", with(2, codes(2, &[0, 0, 0, 5])), BOUNDED),
        case("codes out of range", with(2, vec![0xFF; 20_000]), BOUNDED),
        case("colours out of range", with(8, uncompressed(8, std::iter::repeat_n(200, 320 * 240))), BOUNDED),
        case("noise", with(8, crate::bytes::Random::seeded(6).bytes(60_000)), BOUNDED),
    ]);
    cases
}

#[tokio::test]
async fn bombs_are_defused() {
    run_recorded("gif-bombs", bombs()).await;
}

#[tokio::test]
async fn invalid_frames_are_refused_or_survived() {
    run_recorded("gif-frames", frames()).await;
}

#[tokio::test]
async fn invalid_codes_are_refused_or_survived() {
    run_recorded("gif-data", data()).await;
}
