//! PNG: missing, misplaced and false chunks.

use crate::{
    bytes::zlib,
    case::{Case, case, run_recorded},
    expected::{DAMAGED, Expected, too_small},
    png_file::{Png, SIGNATURE, chunk},
};

const WHOLE: Expected = Expected::Rendered(320, 240);
const BOUNDED: Expected = Expected::Bounded(320, 240);

fn photo() -> Png {
    Png::photo()
}

/// A picture with a palette of this many colours, of which it shows one.
fn indexed(depth: u8, colours: usize, shown: u8) -> Png {
    let row = [&[0][..], &vec![shown; 320 * usize::from(depth) / 8]].concat();
    Png::of(320, 240, depth, 3, 0, &row.repeat(240)).before(*b"IDAT", [(*b"PLTE", vec![90; colours * 3])])
}

fn headers() -> Vec<Case> {
    let header = |at: usize, byte: u8| photo().with(*b"IHDR", |header| header[at] = byte).file();
    let pair = |depth: u8, colour: u8| {
        photo().with(*b"IHDR", |header| header[8..10].copy_from_slice(&[depth, colour])).file()
    };
    vec![
        case("no IHDR", photo().without(*b"IHDR").file(), DAMAGED),
        case("IHDR twice", photo().before(*b"IDAT", [photo().chunks[0].clone()]).file(), BOUNDED),
        case("IHDR of 12 bytes", photo().with(*b"IHDR", |header| header.truncate(12)).file(), DAMAGED),
        case("IHDR of 14 bytes", photo().with(*b"IHDR", |header| header.push(0)).file(), DAMAGED),
        case("IHDR second", photo().before(*b"IHDR", [(*b"tEXt", b"a\0b".to_vec())]).file(), DAMAGED),
        case("no columns", Png::of(0, 240, 8, 2, 0, &[]).file(), too_small(0, 240)),
        case("3 bits", header(8, 3), BOUNDED),
        case("32 bits", header(8, 32), BOUNDED),
        case("colour type 1", header(9, 1), BOUNDED),
        case("colour type 255", header(9, 255), BOUNDED),
        case("a palette of 16 bits", pair(16, 3), BOUNDED),
        case("colours of one bit", pair(1, 2), BOUNDED),
        case("compression 1", header(10, 1), BOUNDED),
        case("filters 255", header(11, 255), BOUNDED),
        case("interlacing 2", header(12, 2), BOUNDED),
        case("interlaced, by its header alone", header(12, 1), BOUNDED),
    ]
}

fn palettes() -> Vec<Case> {
    let transparent = |count: usize| indexed(8, 16, 3).before(*b"IDAT", [(*b"tRNS", vec![9; count])]).file();
    vec![
        case("a palette", indexed(8, 16, 3).file(), WHOLE),
        case("no palette", indexed(8, 16, 3).without(*b"PLTE").file(), BOUNDED),
        case("an empty palette", indexed(8, 0, 0).file(), BOUNDED),
        case(
            "a palette of a colour and a third",
            indexed(8, 16, 0).with(*b"PLTE", |colours| colours.truncate(4)).file(),
            BOUNDED,
        ),
        case("a colour out of range", indexed(8, 16, 200).file(), BOUNDED),
        case("a colour of two bits out of range", indexed(2, 2, 0xFF).file(), BOUNDED),
        case("257 colours", indexed(8, 257, 255).file(), BOUNDED),
        case("a million colours", indexed(8, 1_000_000, 255).file(), BOUNDED).memory(16 << 20),
        case("more transparent colours than there are", transparent(200), BOUNDED),
        case("a palette behind the pixels", behind_pixels(), BOUNDED),
        case(
            "a palette in grey",
            Png::of(320, 240, 8, 0, 0, &[0; 321 * 240]).before(*b"IDAT", [(*b"PLTE", vec![1; 9])]).file(),
            BOUNDED,
        ),
        case(
            "a transparent colour that is cut",
            photo().before(*b"IDAT", [(*b"tRNS", vec![0; 3])]).file(),
            BOUNDED,
        ),
    ]
}

fn behind_pixels() -> Vec<u8> {
    let mut png = indexed(8, 16, 3);
    let palette = png.chunks.remove(png.position(*b"PLTE"));
    png.before(*b"IEND", [palette]).file()
}

fn data() -> Vec<Case> {
    let rows = |rows: Vec<u8>| Png::of(320, 240, 8, 0, 0, &rows).file();
    let filtered = |filter: u8| rows([&[filter][..], &[7; 320]].concat().repeat(240));
    let stream = |change: fn(&mut Vec<u8>)| photo().with(*b"IDAT", change).file();
    let mut split = photo();
    let at = split.position(*b"IDAT");
    let data = split.chunks.remove(at).1;
    let pieces = data.chunks(1).take(20_000).map(|byte| (*b"IDAT", byte.to_vec()));
    let rest = (*b"IDAT", data[20_000.min(data.len())..].to_vec());
    split.chunks.splice(at..at, pieces.chain([rest]));
    let between = photo().before(*b"IDAT", [(*b"IDAT", data[..900].to_vec()), (*b"tEXt", b"a\0b".to_vec())]);
    let mut tail = photo();
    let moved = tail.chunks.remove(at);
    tail.chunks.push(moved);
    vec![
        case("interlaced", Png::of(320, 240, 8, 0, 1, &[0; 321 * 240 + 600]).file(), WHOLE),
        case("no data", photo().without(*b"IDAT").file(), DAMAGED),
        case("empty data", photo().with(*b"IDAT", Vec::clear).file(), DAMAGED),
        case("data that aren't zlib", stream(|data| data[..2].fill(0xFF)), DAMAGED),
        case("data of noise", stream(|data| *data = crate::bytes::Random::seeded(2).bytes(90_000)), DAMAGED),
        case("a preset dictionary", stream(|data| data[..2].copy_from_slice(&[0x78, 0xBB])), DAMAGED),
        case("half of the data", stream(|data| data.truncate(data.len() / 2)), DAMAGED),
        case("half of the rows", rows([0; 321 * 120].to_vec()), DAMAGED),
        case("a byte too few", rows([0; 321 * 240 - 1].to_vec()), DAMAGED),
        case("a row too many", rows([0; 321 * 241].to_vec()), WHOLE),
        case("filter 4", filtered(4), WHOLE),
        case("filter 5", filtered(5), DAMAGED),
        case("filter 255", filtered(255), DAMAGED),
        case("20,000 pieces of one byte", split.file(), WHOLE),
        case("a chunk between the pixels", between.file(), BOUNDED),
        case("data behind the end", tail.file(), DAMAGED),
        case("more data behind the end", [photo().file(), chunk(*b"IDAT", &zlib(&[0; 99]))].concat(), WHOLE),
        case(
            "a wrong checksum of the pixels",
            stream(|data| *data.last_mut().expect("is long") ^= 1),
            BOUNDED,
        ),
    ]
}

fn chunks() -> Vec<Case> {
    let with = |kind: &[u8; 4], data: &[u8]| photo().before(*b"IDAT", [(*kind, data.to_vec())]).file();
    let flipped = |kind: &[u8; 4]| {
        let mut file = photo().before(*b"IDAT", [(*b"gAMA", vec![0, 0, 0xB1, 0x8F])]).file();
        let at = file.windows(4).position(|found| found == kind).expect("is there");
        let data = u32::from_be_bytes(file[at - 4..at].try_into().expect("are four")) as usize;
        file[at + 4 + data] ^= 0x55;
        file
    };
    let claiming = |claimed: u32| {
        let mut file = with(b"tEXt", b"a\0b");
        file[33..37].copy_from_slice(&claimed.to_be_bytes());
        file
    };
    vec![
        case("a wrong CRC of IHDR", flipped(b"IHDR"), BOUNDED),
        case("a wrong CRC of IDAT", flipped(b"IDAT"), BOUNDED),
        case("a wrong CRC of gAMA", flipped(b"gAMA"), BOUNDED),
        case("a wrong CRC of IEND", flipped(b"IEND"), BOUNDED),
        case("a chunk of 4,294,967,295 bytes", claiming(u32::MAX), DAMAGED),
        case("a chunk of 2,147,483,648 bytes", claiming(1 << 31), DAMAGED),
        case("an unknown chunk that must be known", with(b"CgBI", &[0; 4]), BOUNDED),
        case("a chunk of a name that is none", with(&[0xFF, 0, 1, 2], &[0; 4]), BOUNDED),
        case("gamma 0", with(b"gAMA", &[0; 4]), WHOLE),
        case("white at 0", with(b"cHRM", &[0; 32]), WHOLE),
        case("every chunk of no bytes", empty_chunks(), BOUNDED),
        case("the signature alone", SIGNATURE, DAMAGED),
        case("no end", photo().without(*b"IEND").file(), DAMAGED),
        case(
            "ZIP behind",
            [&photo().file()[..], b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"].concat(),
            WHOLE,
        ),
        case("HTML behind", [&photo().file()[..], b"<script>alert(1)</script>"].concat(), WHOLE),
        case(
            "line ends changed on the way",
            photo().file().iter().copied().filter(|&byte| byte != b'\r').collect::<Vec<_>>(),
            crate::expected::NOT_A_PICTURE,
        ),
    ]
}

fn empty_chunks() -> Vec<u8> {
    let names =
        [b"bKGD", b"cHRM", b"cICP", b"cLLI", b"eXIf", b"gAMA", b"iCCP", b"mDCV", b"pHYs", b"sBIT", b"sRGB"];
    photo().before(*b"IDAT", names.map(|name| (*name, Vec::new()))).file()
}

#[tokio::test]
async fn invalid_headers_are_refused_or_survived() {
    run_recorded("png-headers", headers()).await;
}

#[tokio::test]
async fn invalid_palettes_are_refused_or_survived() {
    run_recorded("png-palettes", palettes()).await;
}

#[tokio::test]
async fn incomplete_data_are_refused() {
    run_recorded("png-data", data()).await;
}

#[tokio::test]
async fn invalid_chunks_are_refused_or_survived() {
    run_recorded("png-chunks", chunks()).await;
}
