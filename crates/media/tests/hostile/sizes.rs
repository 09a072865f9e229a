//! Sizes at the limits and just above.

use pawdium_avif_samples::{Avif, Still};
use pawdium_media::Refusal;

use crate::{
    avif::noise,
    bytes::MIB,
    case::{Case, case, run},
    expected::{Expected, too_long, too_many_pixels, too_narrow, too_small},
    gif_file::Gif,
    jpeg_file::{Jpeg, plain},
    png_file::Png,
    webp_file::{WebP, lossless_plain, lossy_plain},
};

/// A PNG of one colour with complete data.
fn png(width: u32, height: u32) -> Vec<u8> {
    let row = width as usize / 8 + usize::from(!width.is_multiple_of(8)) + 1;
    Png::of(width, height, 1, 0, 0, &vec![0; row * height as usize]).file()
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    WebP::of(*b"VP8L", lossless_plain(width, height)).file()
}

fn lossy_webp(width: u16, height: u16) -> Vec<u8> {
    WebP::of(*b"VP8 ", lossy_plain(width, height)).file()
}

fn avif(width: u32, height: u32, is_taken: bool) -> Vec<u8> {
    let still = Still::new(width, height);
    if is_taken { noise(&still).file() } else { Avif::of(&still, vec![0; 99]).file() }
}

/// A file of each format. If it is refused anyway, only its header has this size.
fn each_format(width: u16, height: u16, is_taken: bool) -> [(&'static str, Vec<u8>); 5] {
    let (columns, rows) = (u32::from(width), u32::from(height));
    let gif = if is_taken {
        Gif::plain(width, height)
    } else {
        Gif { screen: [width, height], ..Gif::plain(9, 9) }
    };
    let jpeg =
        if is_taken { Jpeg::sized(columns, rows).file() } else { Jpeg::photo().claiming(width, height) };
    [
        ("PNG", png(columns, rows)),
        ("WebP", webp(columns, rows)),
        ("GIF", gif.file()),
        ("JPEG", jpeg),
        ("AVIF", avif(columns, rows, is_taken)),
    ]
}

fn sides() -> Vec<Case> {
    let mut cases = Vec::new();
    for (width, height, expected) in [
        (1, 1, too_small(1, 1)),
        (1, 12_000, too_small(1, 12_000)),
        (12_000, 1, too_small(12_000, 1)),
        (199, 199, too_small(199, 199)),
        (200, 199, too_small(200, 199)),
        (200, 200, Expected::Rendered(200, 200)),
        (200, 2_000, Expected::Rendered(200, 2_000)),
        (200, 2_001, too_narrow(200, 2_001)),
        (12_000, 200, too_narrow(12_000, 200)),
        (12_001, 1_300, too_long(12_001, 1_300)),
    ] {
        let is_taken = matches!(expected, Expected::Rendered(..));
        for (format, file) in each_format(width, height, is_taken) {
            cases.push(case(format!("{width} × {height} {format}"), file, expected.clone()).memory(40 * MIB));
        }
    }
    cases
}

fn pixels() -> Vec<Case> {
    let whole = || Expected::Rendered(10_000, 5_000);
    vec![
        case("50 megapixels of JPEG", plain(10_000, 5_000).file(), whole()).memory(240 * MIB).seconds(20),
        case("50.08 megapixels of JPEG", plain(10_000, 5_008).file(), too_many_pixels(10_000, 5_008)),
        case("50 megapixels of PNG", png(10_000, 5_000), whole()).memory(240 * MIB).seconds(20),
        case("50 megapixels of lossless WebP", webp(10_000, 5_000), whole()).memory(400 * MIB).seconds(20),
        case("50 megapixels of lossy WebP", lossy_webp(10_000, 5_000), whole()).memory(280 * MIB).seconds(20),
        case("50 megapixels of GIF", Gif::of_one_colour(10_000, 5_000).file(), whole())
            .memory(300 * MIB)
            .seconds(30),
        case("a row more of PNG", png(10_000, 5_001), too_many_pixels(10_000, 5_001)),
        case("a row more of AVIF", avif(10_000, 5_001, false), too_many_pixels(10_000, 5_001)),
        case("a row more of lossless WebP", webp(10_000, 5_001), too_many_pixels(10_000, 5_001)),
        case("a row more of lossy WebP", lossy_webp(10_000, 5_001), too_many_pixels(10_000, 5_001)),
        case("a row more of GIF", Gif::of_one_colour(10_000, 5_001).file(), too_many_pixels(10_000, 5_001)),
    ]
}

fn bytes() -> Vec<Case> {
    let padded = |bytes: usize| {
        let mut file = Jpeg::photo().file();
        file.resize(bytes, 0);
        file
    };
    let too_many = Expected::Refused(Refusal::TooManyBytes { max: 20_000_000 });
    vec![
        case("20 MB", padded(20_000_000), Expected::Rendered(320, 240)).memory(60 * MIB),
        case("a byte more", padded(20_000_001), too_many.clone()).memory(60 * MIB),
        case("60 MB", padded(60_000_000), too_many).memory(60 * MIB),
    ]
}

#[tokio::test]
async fn sides_at_the_limit_pass_and_one_pixel_more_does_not() {
    run(sides()).await;
}

#[tokio::test]
async fn fifty_megapixels_pass_and_one_row_more_does_not() {
    run(pixels()).await;
}

#[tokio::test]
async fn twenty_megabytes_pass_and_one_byte_more_does_not() {
    run(bytes()).await;
}
