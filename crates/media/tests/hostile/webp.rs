//! WebP: bombs, canvases that differ from their frames, false chunks.

use crate::{
    bytes::MIB,
    case::{Case, case, run, run_recorded},
    expected::{DAMAGED, Expected, too_many_pixels, too_small},
    webp_file::{WebP, chunk, frame, lossless_plain, lossy},
};

const WHOLE: Expected = Expected::Rendered(320, 240);
const BOUNDED: Expected = Expected::Bounded(320, 240);
const ANIMATED: u8 = 0x02;
const ALPHA: u8 = 0x10;
const PROFILE: u8 = 0x20;

fn photo() -> WebP {
    WebP::lossless()
}

/// An animation with these frames on a canvas of 320 × 240.
fn animation(frames: impl IntoIterator<Item = crate::webp_file::Chunk>) -> Vec<u8> {
    let mut webp = WebP { chunks: vec![(*b"ANIM", vec![0; 6])] }.extended(320, 240, ANIMATED);
    webp.chunks.extend(frames);
    webp.file()
}

fn still(kind: [u8; 4]) -> Vec<u8> {
    let (_, data) = match &kind {
        b"VP8 " => WebP::lossy_noise(320, 240),
        _ => photo(),
    }
    .chunks
    .remove(0);
    chunk(kind, &data)
}

fn bombs() -> Vec<Case> {
    let plain = |width, height| WebP::of(*b"VP8L", lossless_plain(width, height));
    let simple = |kind, data: Vec<u8>| WebP::of(kind, data).file();
    let whole = [320, 240];
    vec![
        case(
            "lossy of 16,383 × 16,383",
            simple(*b"VP8 ", lossy_header(16_383)),
            too_many_pixels(16_383, 16_383),
        ),
        case("lossless of 16,384 × 16,384", plain(16_384, 16_384).file(), too_many_pixels(16_384, 16_384)),
        case(
            "a canvas of 16,777,216 × 16,777,216",
            photo().extended(1 << 24, 1 << 24, 0).file(),
            too_many_pixels(1 << 24, 1 << 24),
        ),
        case("15 megapixels in 30 bytes", plain(12_000, 1_250).file(), Expected::Rendered(12_000, 1_250))
            .memory(500 * MIB)
            .seconds(20),
        case(
            "lossless of 16,384 × 16,384 on a small canvas",
            plain(16_384, 16_384).extended(320, 240, 0).file(),
            DAMAGED,
        ),
        case(
            "lossy of 16,383 × 16,383 on a small canvas",
            WebP::of(*b"VP8 ", lossy_header(16_383)).extended(320, 240, 0).file(),
            DAMAGED,
        ),
        case("100 frames", animation(vec![frame([0, 0], whole, &still(*b"VP8L")[..]); 100]), WHOLE)
            .memory(64 * MIB),
        case(
            "10,000 frames of one colour",
            animation(vec![frame([0, 0], whole, &chunk(*b"VP8L", &lossless_plain(320, 240))); 10_000]),
            WHOLE,
        ),
        case(
            "a frame of 16,384 × 16,384",
            animation([frame([0, 0], whole, &chunk(*b"VP8L", &lossless_plain(16_384, 16_384)))]),
            DAMAGED,
        ),
        case(
            "a lossy frame of 16,383 × 16,383",
            animation([frame([0, 0], whole, &chunk(*b"VP8 ", &lossy_header(16_383)))]),
            DAMAGED,
        ),
        case("100,000 unknown chunks", unknown_chunks(100_000), WHOLE).memory(16 * MIB),
    ]
}

/// A lossy picture of this edge length: a valid header followed by some noise.
fn lossy_header(side: u16) -> Vec<u8> {
    let mut data = lossy(320, 240);
    data[6..8].copy_from_slice(&side.to_le_bytes());
    data[8..10].copy_from_slice(&side.to_le_bytes());
    data
}

fn unknown_chunks(count: usize) -> Vec<u8> {
    let mut webp = photo().extended(320, 240, 0);
    webp.chunks.splice(1..1, vec![(*b"XxXx", Vec::new()); count]);
    webp.file()
}

fn structure() -> Vec<Case> {
    let size = u32::try_from(photo().file().len() - 8).expect("is short");
    let canvas = |width, height| photo().extended(width, height, 0).file();
    let mut no_picture = photo().extended(320, 240, 0);
    no_picture.chunks.pop();
    let mut both = photo().extended(320, 240, 0);
    both.chunks.extend(WebP::lossy_noise(320, 240).chunks);
    let mut last = photo();
    last.chunks.push(WebP { chunks: Vec::new() }.extended(320, 240, 0).chunks.remove(0));
    vec![
        case("lossless", photo().file(), WHOLE),
        case("lossy", WebP::lossy_noise(320, 240).file(), WHOLE),
        case("extended", canvas(320, 240), WHOLE),
        case("a length of 0", photo().claiming(0), DAMAGED),
        case("a length of 4", photo().claiming(4), DAMAGED),
        case("a length of one byte less", photo().claiming(size - 1), BOUNDED),
        case("a length of one byte more", photo().claiming(size + 1), DAMAGED),
        case("a length of 4 GiB", photo().claiming(u32::MAX), DAMAGED),
        case("a chunk of no bytes", photo().claiming_chunk(0), DAMAGED),
        case("a chunk of 4 bytes", photo().claiming_chunk(4), DAMAGED),
        case("a chunk of 4 GiB", photo().claiming_chunk(u32::MAX), DAMAGED),
        case("a canvas that is larger", canvas(400, 400), DAMAGED),
        case("a canvas that is smaller", canvas(300, 220), DAMAGED),
        case("a canvas of one pixel", canvas(1, 1), too_small(1, 1)),
        case("a header that is cut", WebP::of(*b"VP8X", vec![0; 4]).file(), DAMAGED),
        case("an extended header behind the picture", last.file(), WHOLE),
        case("no picture", no_picture.file(), DAMAGED),
        case("two pictures", both.file(), BOUNDED),
        case("ZIP behind", [&photo().file()[..], b"PK\x05\x06\0\0\0\0"].concat(), WHOLE),
        case(
            "RIFF of sound",
            [b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), vec![0; 40]].concat(),
            crate::expected::NOT_A_PICTURE,
        ),
    ]
}

fn animations() -> Vec<Case> {
    let lossless = still(*b"VP8L");
    let whole = |image: &[u8]| frame([0, 0], [320, 240], image);
    let (kind, inner) = whole(&lossless);
    let nested = (0..500).fold(chunk(kind, &inner), |image, _| {
        let (kind, data) = whole(&image);
        chunk(kind, &data)
    });
    let mut without_anim = photo().extended(320, 240, ANIMATED);
    without_anim.chunks.remove(1);
    without_anim.chunks.push(whole(&lossless));
    vec![
        case("one frame", animation([whole(&lossless)]), WHOLE),
        case("one lossy frame", animation([whole(&still(*b"VP8 "))]), WHOLE),
        case("no frame", animation([]), DAMAGED),
        case("no animation's header", without_anim.file(), DAMAGED),
        case("a frame in a frame in 500 frames", animation([whole(&nested)]), DAMAGED),
        case("a frame of no bytes", animation([(*b"ANMF", Vec::new())]), DAMAGED),
        case("a frame of its header alone", animation([whole(b"")]), DAMAGED),
        case("a frame outside of the canvas", animation([frame([200, 200], [320, 240], &lossless)]), DAMAGED),
        case(
            "a frame 33 million pixels away",
            animation([frame([33_554_430, 0], [320, 240], &lossless)]),
            DAMAGED,
        ),
        case(
            "a frame larger than the canvas",
            animation([frame([0, 0], [9_000, 9_000], &lossless)]),
            DAMAGED,
        ),
        case("a frame unlike its picture", animation([frame([0, 0], [100, 100], &lossless)]), DAMAGED),
        case(
            "a second frame that is broken",
            animation([whole(&lossless), (*b"ANMF", vec![7; 30])]),
            BOUNDED,
        ),
        case("a still picture that says animated", photo().extended(320, 240, ANIMATED).file(), DAMAGED),
    ]
}

fn pictures() -> Vec<Case> {
    let lossless = |at: usize, byte: u8| {
        let mut webp = photo();
        webp.chunks[0].1[at] = byte;
        webp.file()
    };
    let lossy_with = |at: usize, byte: u8| {
        let mut webp = WebP::lossy_noise(320, 240);
        webp.chunks[0].1[at] = byte;
        webp.file()
    };
    let alpha = |data: Vec<u8>| {
        let mut webp = WebP::lossy_noise(320, 240).extended(320, 240, ALPHA);
        webp.chunks.insert(1, (*b"ALPH", data));
        webp.file()
    };
    vec![
        case("another signature", lossless(0, 0x2E), DAMAGED),
        case("version 7", lossless(4, photo().chunks[0].1[4] | 0xE0), BOUNDED),
        case(
            "nothing but ones",
            WebP::of(*b"VP8L", [&lossless_plain(320, 240)[..5], &[0xFF; 500]].concat()).file(),
            BOUNDED,
        ),
        case(
            "nothing but zeros",
            WebP::of(*b"VP8L", [&lossless_plain(320, 240)[..5], &[0; 500]].concat()).file(),
            BOUNDED,
        ),
        case("a header and no data", WebP::of(*b"VP8L", &lossless_plain(320, 240)[..5]).file(), DAMAGED),
        case("lossy that isn't a key frame", lossy_with(0, 0x31), BOUNDED),
        case("lossy of version 7", lossy_with(0, 0x1E), BOUNDED),
        case("lossy of another start code", lossy_with(3, 0), DAMAGED),
        case("lossy of no columns", WebP::of(*b"VP8 ", lossy(0, 240)).file(), too_small(0, 240)),
        case("a first partition longer than the data", lossy_with(2, 0xFF), BOUNDED),
        case("a first partition of nothing", lossy_short(), BOUNDED),
        case("lossy without coefficients", lossy_cut(), BOUNDED),
        case("alpha of too few bytes", alpha(vec![0; 9]), BOUNDED),
        case("alpha of compression 3", alpha(vec![3; 76_801]), BOUNDED),
        case("alpha of filter 3", alpha(vec![0x0C; 76_801]), BOUNDED),
        case(
            "alpha of noise, lossless",
            alpha([&[1][..], &crate::bytes::Random::seeded(5).bytes(9_000)].concat()),
            BOUNDED,
        ),
        case(
            "alpha that is said and missing",
            WebP::lossy_noise(320, 240).extended(320, 240, ALPHA).file(),
            BOUNDED,
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let extra = |flags: u8, kind: &[u8; 4], data: Vec<u8>| {
        let mut webp = photo().extended(320, 240, flags);
        webp.chunks.insert(1, (*kind, data));
        webp
    };
    let mut profile_of_4_gib = extra(PROFILE, b"ICCP", vec![0; 64]).file();
    profile_of_4_gib[34..38].copy_from_slice(&u32::MAX.to_le_bytes());
    vec![
        case("a profile of noise", extra(PROFILE, b"ICCP", vec![9; 5_000]).file(), WHOLE),
        case("a profile of 10 MB", extra(PROFILE, b"ICCP", vec![9; 10_000_000]).file(), WHOLE)
            .memory(64 * MIB),
        case("a profile of 4 GiB", profile_of_4_gib, DAMAGED),
        case("XMP of 10 MB", extra(0x04, b"XMP ", vec![9; 10_000_000]).file(), WHOLE).memory(40 * MIB),
    ]
}

fn lossy_short() -> Vec<u8> {
    let mut data = lossy(320, 240);
    data[..3].copy_from_slice(&[0x10, 0, 0]);
    WebP::of(*b"VP8 ", data).file()
}

fn lossy_cut() -> Vec<u8> {
    WebP::of(*b"VP8 ", &lossy(320, 240)[..20_010]).file()
}

#[tokio::test]
async fn bombs_are_defused() {
    run(bombs()).await;
}

#[tokio::test]
async fn false_lengths_and_canvases_are_refused() {
    run_recorded("webp-structure", structure()).await;
}

#[tokio::test]
async fn invalid_frames_are_refused_or_survived() {
    run_recorded("webp-animations", animations()).await;
}

#[tokio::test]
async fn invalid_pictures_are_refused_or_survived() {
    run_recorded("webp-pictures", pictures()).await;
}

#[tokio::test]
async fn unusable_metadata_are_ignored() {
    run(metadata()).await;
}
