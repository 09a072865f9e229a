//! Absurd EXIF data: the orientation may be wrong or ignored, but nothing fails or takes long.

use crate::{
    bytes::MIB,
    case::{Case, case, run},
    expected::Expected,
    jpeg_file::{APP1, Jpeg, Segment},
    png_file::Png,
    webp_file::WebP,
};

const UPRIGHT: Expected = Expected::Rendered(320, 240);
const TURNED: Expected = Expected::Rendered(240, 320);

const ORIENTATION: u16 = 0x0112;
const EXIF_IFD: u16 = 0x8769;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A directory entry (TIFF 6.0, section 2): tag, type, count, and the value or its offset.
type Entry = (u16, u16, u32, u32);

/// The bytes of a directory, followed by the offset of the next one.
fn directory(entries: &[Entry], next: u32) -> Vec<u8> {
    let mut bytes = u16::try_from(entries.len()).expect("are few").to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend(next.to_le_bytes());
    bytes
}

/// A TIFF file of directories, the first at offset 8.
fn tiff(directories: &[Vec<u8>]) -> Vec<u8> {
    [&b"II*\0\x08\0\0\0"[..], &directories.concat()].concat()
}

/// A TIFF file with one directory of one entry.
fn only(entry: Entry) -> Vec<u8> {
    tiff(&[directory(&[entry], 0)])
}

fn in_jpeg(tiff: &[u8]) -> Vec<u8> {
    Jpeg::photo().led_by([Segment::new(APP1, [b"Exif\0\0", tiff].concat())])
}

fn in_png(tiff: &[u8]) -> Vec<u8> {
    Png::photo().before(*b"IDAT", [(*b"eXIf", tiff.to_vec())]).file()
}

fn in_webp(tiff: &[u8]) -> Vec<u8> {
    let mut webp = WebP::lossless().extended(320, 240, 0x08);
    webp.chunks.push((*b"EXIF", tiff.to_vec()));
    webp.file()
}

fn orientations() -> Vec<Case> {
    let short = |value| only((ORIENTATION, SHORT, 1, value));
    let mut big_endian = short(6);
    big_endian[..2].copy_from_slice(b"MM");
    vec![
        case("orientation 6", in_jpeg(&short(6)), TURNED),
        case("orientation 6 in a PNG", in_png(&short(6)), TURNED),
        case("orientation 6 in a WebP", in_webp(&short(6)), TURNED),
        case("orientation 0", in_jpeg(&short(0)), UPRIGHT),
        case("orientation 9", in_jpeg(&short(9)), UPRIGHT),
        case("orientation 65,535", in_jpeg(&short(65_535)), UPRIGHT),
        case("orientation as text", in_jpeg(&only((ORIENTATION, 2, 4, 0x3636_3636))), UPRIGHT),
        case("orientation as a fraction far away", in_jpeg(&only((ORIENTATION, 5, 1, 0xFFFF_FFF0))), UPRIGHT),
        case("orientation of type 0", in_jpeg(&only((ORIENTATION, 0, 1, 6))), UPRIGHT),
        case("orientation of type 65,535", in_jpeg(&only((ORIENTATION, 65_535, 1, 6))), UPRIGHT),
        case("no orientations", in_jpeg(&only((ORIENTATION, SHORT, 0, 6))), UPRIGHT),
        case("4,294,967,295 orientations", in_jpeg(&only((ORIENTATION, SHORT, u32::MAX, 8))), UPRIGHT),
        case("the wrong byte order", in_jpeg(&big_endian), UPRIGHT),
    ]
}

fn structures() -> Vec<Case> {
    let turned = (ORIENTATION, SHORT, 1, 6);
    let loops = tiff(&[directory(&[turned], 8)]);
    let pair = tiff(&[directory(&[turned], 26), directory(&[(ORIENTATION, SHORT, 1, 3)], 8)]);
    let nested = tiff(&[directory(&[turned, (EXIF_IFD, LONG, 1, 8)], 0)]);
    let nested_much = tiff(&[directory(&vec![(EXIF_IFD, LONG, 1, 8); 5_000], 8)]);
    let far = [&b"II*\0\xF0\xFF\xFF\xFF"[..], &[0; 40]].concat();
    let mut claims_entries = only(turned);
    claims_entries[8..10].copy_from_slice(&[0xFF, 0xFF]);
    let thumbnail = tiff(&[
        directory(&[turned], 26),
        directory(&[(0x0201, LONG, 1, 0xFFFF_0000), (0x0202, LONG, 1, u32::MAX)], 0),
    ]);
    let long_text = only((0x010F, 2, u32::MAX, 0));
    let chained: Vec<Vec<u8>> = (1..=3_000).map(|at| directory(&[turned], 8 + 18 * at)).collect();
    vec![
        case("a directory whose next is itself", in_jpeg(&loops), TURNED),
        case("two directories in a circle", in_jpeg(&pair), TURNED),
        case("a directory in itself", in_jpeg(&nested), TURNED),
        case("a directory in itself 5,000 times", in_jpeg(&nested_much), UPRIGHT),
        case("3,000 directories in a row", in_jpeg(&tiff(&chained)), TURNED),
        case("a directory 4 GiB away", in_jpeg(&far), UPRIGHT),
        case("65,535 entries, of which one is there", in_jpeg(&claims_entries), TURNED),
        case("a thumbnail of 4 GiB", in_jpeg(&thumbnail), TURNED),
        case("a maker's name of 4 GiB", in_jpeg(&long_text), UPRIGHT),
        case("nothing behind the prefix", in_jpeg(b""), UPRIGHT),
        case("a header and no more", in_jpeg(b"II*\0"), UPRIGHT),
        case("noise", in_jpeg(&crate::bytes::Random::seeded(3).bytes(60_000)), UPRIGHT),
        case("XMP first", xmp_first(&only(turned)), TURNED),
    ]
}

/// An APP1 segment of another kind before the EXIF segment, as photo editors write it.
fn xmp_first(tiff: &[u8]) -> Vec<u8> {
    let exif = Segment::new(APP1, [b"Exif\0\0", tiff].concat());
    let xmp = Segment::new(APP1, &b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"[..]);
    Jpeg::photo().led_by([xmp, exif])
}

/// Each of 65,535 entries claims the whole megabyte as its value.
fn large() -> Vec<Case> {
    let everything = vec![(0x9286, 7, 1_000_000, 8); 65_535];
    let mut tiff = tiff(&[directory(&everything, 8)]);
    tiff.resize(1 << 20, 0);
    let beyond = [tiff.clone(), vec![0; 4 << 20]].concat();
    vec![
        case("65,535 entries of a megabyte each in a PNG", in_png(&tiff), UPRIGHT).memory(12 * MIB),
        case("65,535 entries of a megabyte each in a WebP", in_webp(&tiff), UPRIGHT).memory(12 * MIB),
        case("5 MB of EXIF in a PNG", in_png(&beyond), UPRIGHT).memory(24 * MIB),
        case("5 MB of EXIF in a WebP", in_webp(&beyond), UPRIGHT).memory(12 * MIB),
    ]
}

#[tokio::test]
async fn invalid_orientations_are_ignored() {
    run(orientations()).await;
}

#[tokio::test]
async fn looping_and_false_directories_cost_nothing() {
    run(structures()).await;
}

#[tokio::test]
async fn overlapping_entries_are_not_copied() {
    run(large()).await;
}
