//! JPEG: bombs, scans, unsupported frames, and polyglot files.

use crate::{
    bytes::MIB,
    case::{Case, case, run_recorded},
    expected::{DAMAGED, Expected, UNSUPPORTED, too_many_pixels},
    jpeg_file::{APP0, COMMENT, DHT, DNL, Jpeg, SOF0, SOF2, SOS, Segment, plain},
};

const WHOLE: Expected = Expected::Rendered(320, 240);
const BOUNDED: Expected = Expected::Bounded(320, 240);

fn photo() -> Jpeg {
    Jpeg::photo()
}

fn bombs() -> Vec<Case> {
    let progressive = |width, height| {
        let mut jpeg = plain(width, height);
        jpeg.first(SOF0).marker = SOF2;
        let scan = jpeg.first(SOS);
        scan.payload = vec![1, 1, 0, 0, 0, 0];
        scan.data.truncate(scan.data.len() / 2);
        jpeg.file()
    };
    let empty_segments = |count| photo().led_by(vec![Segment::new(0xEF, []); count]);
    vec![
        case("65,535 × 65,535", photo().claiming(65_535, 65_535), too_many_pixels(65_535, 65_535)),
        case("12,000 × 4,000 with the data of 320 × 240", photo().claiming(12_000, 4_000), DAMAGED)
            .memory(160 * MIB),
        case(
            "48 megapixels of progressive blocks",
            progressive(12_000, 4_000),
            Expected::Rendered(12_000, 4_000),
        )
        .memory(300 * MIB)
        .seconds(10),
        case("thousands of scans", scans(5_000), UNSUPPORTED),
        case("as many scans as are read, most of them again", scans(100), BOUNDED),
        case("9,000 empty segments", empty_segments(9_000), WHOLE),
        case("50,000 empty segments", empty_segments(50_000), DAMAGED),
        case(
            "12 MB of comments",
            photo().led_by(vec![Segment::new(COMMENT, vec![b' '; 65_533]); 190]),
            WHOLE,
        )
        .memory(40 * MIB),
        case("12 MB of fill bytes", stuffed(0xFF), WHOLE).memory(40 * MIB).seconds(20),
        case("12 MB between two segments", stuffed(0x00), BOUNDED).memory(40 * MIB),
    ]
}

/// A progressive photo with this many scans; the last few hundred add nothing.
fn scans(count: usize) -> Vec<u8> {
    let mut jpeg = Jpeg::progressive();
    let scans = jpeg.segments.iter().filter(|segment| segment.marker == SOS).count();
    // Repeat the first scan of a component's highest coefficient: all its blocks end at once.
    let mut nothing = Segment::new(SOS, [1, 1, 0x00, 63, 63, 0]);
    let only_end_of_block = Segment::new(DHT, [&[0x10, 1][..], &[0; 15], &[0]].concat());
    nothing.data = vec![0; (320 / 8 * 240 / 8_usize).div_ceil(8)];
    jpeg.segments.push(only_end_of_block);
    jpeg.segments.extend(vec![nothing; count - scans]);
    jpeg.file()
}

fn stuffed(byte: u8) -> Vec<u8> {
    let file = photo().file();
    // After the JFIF header.
    let (start, rest) = file.split_at(20);
    [start, &vec![byte; 12_000_000], rest].concat()
}

fn frames() -> Vec<Case> {
    let marked = |marker| photo().with(SOF0, |frame| frame.marker = marker);
    let frame = |at: usize, byte: u8| photo().with(SOF0, |frame| frame.payload[at] = byte);
    let mut cases: Vec<Case> = [
        (0xC3, "lossless"),
        (0xC5, "hierarchical"),
        (0xC9, "arithmetic coding"),
        (0xCA, "progressive arithmetic coding"),
        (0xCB, "lossless arithmetic coding"),
        (0xF7, "JPEG-LS"),
    ]
    .map(|(marker, name)| case(name, marked(marker), if marker == 0xF7 { DAMAGED } else { UNSUPPORTED }))
    .into();
    let components = |count: u8| {
        let mut jpeg = photo();
        let sofs: Vec<u8> = (1..=count).flat_map(|id| [id, 0x11, 0]).collect();
        jpeg.first(SOF0).payload.splice(5.., [&[count][..], &sofs].concat());
        let selectors: Vec<u8> = (1..=count).flat_map(|id| [id, 0]).collect();
        jpeg.first(SOS).payload = [&[count][..], &selectors, &[0, 63, 0]].concat();
        jpeg.file()
    };
    cases.extend([
        case("extended sequential", marked(0xC1), WHOLE),
        case("12 bits", frame(0, 12), UNSUPPORTED),
        case("0 bits", frame(0, 0), UNSUPPORTED),
        case("no components", components(0), BOUNDED),
        case("two components", components(2), BOUNDED),
        case("five components", components(5), BOUNDED),
        case("255 components", components(255), BOUNDED),
        case(
            "all components of one name",
            photo().with(SOF0, |frame| (6..15).step_by(3).for_each(|at| frame.payload[at] = 1)),
            BOUNDED,
        ),
        case("baseline that says progressive", marked(SOF2), BOUNDED),
        case(
            "progressive that says baseline",
            Jpeg::progressive().with(SOF2, |frame| frame.marker = SOF0),
            BOUNDED,
        ),
        case("no frame", photo().without(SOF0), DAMAGED),
        case("no scan", photo().without(SOS), DAMAGED),
        case("two frames", photo().before(SOF0, [photo().first(SOF0).clone()]), BOUNDED),
        case("a larger frame before the scan", larger_frame_later(), BOUNDED),
        case("a frame behind its scan", frame_behind_scan(), BOUNDED),
        case("a frame header that is cut", photo().with(SOF0, |frame| frame.payload.truncate(7)), DAMAGED),
        case("no rows", photo().claiming(320, 0), DAMAGED),
        case("no columns", photo().claiming(0, 240), DAMAGED),
        case("rows only told behind the scan", rows_told_late(), DAMAGED),
    ]);
    for sampling in [0x00, 0x01, 0x10, 0x13, 0x31, 0x41, 0x44, 0x55, 0xF1, 0xFF] {
        cases.push(case(format!("sampling factors {sampling:02x}"), frame(7, sampling), BOUNDED));
    }
    cases
}

/// The first frame header is small and valid; a later one claims 60,000 × 60,000.
fn larger_frame_later() -> Vec<u8> {
    let mut larger = photo().first(SOF0).clone();
    larger.payload[1..5].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    photo().before(SOS, [larger])
}

fn frame_behind_scan() -> Vec<u8> {
    let mut jpeg = photo();
    let frame = jpeg.segments.remove(jpeg.position(SOF0));
    jpeg.segments.push(frame);
    jpeg.file()
}

/// DNL (B.2.5): the number of rows follows the first scan. Common software neither writes nor reads it.
fn rows_told_late() -> Vec<u8> {
    let mut jpeg = photo();
    jpeg.segments.push(Segment::new(DNL, 240_u16.to_be_bytes()));
    jpeg.claiming(320, 0)
}

fn also_something_else() -> Vec<Case> {
    let behind = |tail: &[u8]| [&photo().file(), tail].concat();
    let page = b"<html><script>alert(document.domain)</script></html>";
    let zip = b"PK\x03\x04\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0aPK\x05\x06\0\0\0\0";
    vec![
        case("HTML behind", behind(page), WHOLE),
        case("ZIP behind", behind(zip), WHOLE),
        case("a JPEG bomb behind", behind(&photo().claiming(65_535, 65_535)), WHOLE),
        case(
            "PHP in a comment",
            photo().led_by([Segment::new(COMMENT, &b"<?php system($_GET[0]); ?>"[..])]),
            WHOLE,
        ),
        case("HTML for JFIF", photo().with(APP0, |head| head.payload = page.to_vec()), WHOLE),
        case("HTML before", [page, photo().file().as_slice()].concat(), crate::expected::NOT_A_PICTURE),
        case("start of image twice", [b"\xFF\xD8", photo().file().as_slice()].concat(), BOUNDED),
        case(
            "JPEG in a JPEG's comment",
            photo().led_by([Segment::new(COMMENT, Jpeg::sized(200, 40).file())]),
            WHOLE,
        ),
    ]
}

#[tokio::test]
async fn bombs_are_defused() {
    run_recorded("jpeg-bombs", bombs()).await;
}

#[tokio::test]
async fn unsupported_frames_are_refused() {
    run_recorded("jpeg-frames", frames()).await;
}

#[tokio::test]
async fn polyglot_files_are_read_only_as_pictures() {
    run_recorded("jpeg-and-something-else", also_something_else()).await;
}
