use std::{io::Cursor, time::Instant};

use image::{DynamicImage, ImageFormat};
use pawdium_avif_samples::{Avif, Still};
use proptest::prelude::*;

use super::{webp::picture_size, *};
use crate::fixtures::{self, JpegWith, quarters};

fn probed(file: &[u8]) -> Result<Probe, Refusal> {
    match probe(&mut Cursor::new(file), &Limits::default()) {
        Ok(probe) => Ok(probe),
        Err(MediaError::Refused(refusal)) => Err(refusal),
        Err(MediaError::Io(error)) => panic!("memory can't fail: {error}"),
    }
}

fn avif(width: u32, height: u32) -> Vec<u8> {
    let still = Still::new(width, height);
    Avif::of(&still, still.of(&[7; 500])).file()
}

#[test]
fn every_format_is_identified_by_magic_bytes() {
    let picture = quarters(320, 240);
    let plain = DynamicImage::ImageRgb8(picture.clone());
    for (file, format) in [
        (fixtures::jpeg(&picture, &JpegWith::default()), Format::Jpeg),
        (fixtures::file_of(&plain, ImageFormat::Png), Format::Png),
        (fixtures::file_of(&plain, ImageFormat::WebP), Format::WebP),
        (fixtures::file_of(&plain, ImageFormat::Gif), Format::Gif),
        (avif(320, 240), Format::Avif),
    ] {
        let expected = Probe { format, width: 320, height: 240, orientation: Orientation::Upright };
        assert_eq!(probed(&file), Ok(expected));
    }
}

#[test]
fn sizes_are_read_from_each_kind_of_webp() {
    let extended = [0, 0, 0, 0, 0x3F, 0x01, 0, 0xEF, 0, 0];
    assert_eq!(webp::canvas_size(extended), (320, 240));
    let lossy = [0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x40];
    assert_eq!(picture_size(*b"VP8 ", lossy), Ok((320, 240)));
    let lossless = [0x2F, 0x3F, 0xC1, 0x3B, 0, 0, 0, 0, 0, 0];
    assert_eq!(picture_size(*b"VP8L", lossless), Ok((320, 240)));
    assert_eq!(picture_size(*b"VP8L", [0; 10]), Err(Refusal::Damaged));
}

#[test]
fn orientation_is_read_and_turns_the_size() {
    for orientation in (1..=8).filter_map(Orientation::from_number) {
        let stored = fixtures::stored_as(&quarters(320, 240), orientation);
        let with = JpegWith { exif: Some(fixtures::exif(orientation)), ..JpegWith::default() };
        let probe = probed(&fixtures::jpeg(&stored, &with)).expect("is a JPEG");
        assert_eq!(probe.orientation, orientation);
        assert_eq!((probe.width, probe.height), stored.dimensions());
        assert_eq!(probe.upright_size(), (320, 240));
    }
}

#[test]
fn orientation_is_read_from_png_and_webp() {
    let exif = fixtures::exif(Orientation::Clockwise);
    let length = u32::try_from(exif.len()).expect("is short");
    let plain = DynamicImage::ImageRgb8(quarters(320, 240));

    let mut png = fixtures::file_of(&plain, ImageFormat::Png);
    let chunk = [&length.to_be_bytes()[..], b"eXIf", &exif, &[0; 4]].concat();
    png.splice(33..33, chunk);
    assert_eq!(probed(&png).map(|probe| probe.orientation), Ok(Orientation::Clockwise));

    let mut webp = fixtures::file_of(&plain, ImageFormat::WebP);
    webp.extend([&b"EXIF"[..], &length.to_le_bytes(), &exif, &vec![0; exif.len() % 2]].concat());
    let riff = u32::try_from(webp.len() - 8).expect("is short");
    webp[4..8].copy_from_slice(&riff.to_le_bytes());
    assert_eq!(probed(&webp).map(|probe| probe.orientation), Ok(Orientation::Clockwise));
}

#[test]
fn an_oversized_header_is_refused_without_reading_on() {
    let bomb = fixtures::png_claiming(50_000, 50_000);
    let started = Instant::now();
    let refusal = probed(&bomb).expect_err("is too large");
    println!("refused a claim of 2,500 megapixels in {:?}", started.elapsed());
    assert_eq!(refusal, Refusal::TooManyPixels { width: 50_000, height: 50_000, max: 50_000_000 });
    assert!(matches!(probed(&bomb[..30]), Err(Refusal::TooManyPixels { .. })));
}

#[test]
fn content_decides_not_names() {
    for text in
        [&b"<html>"[..], b"%PDF-1.7", b"\xFF\xD8", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x20ftypisom\0\0\0\0isom"]
    {
        assert_eq!(probed(text), Err(Refusal::NotAPicture));
    }
}

#[test]
fn heic_is_refused_with_advice() {
    for file in [
        &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..],
        b"\0\0\0\x1cftypmif1\0\0\0\0heicmif1",
        b"\0\0\0\x18ftyphevc\0\0\0\0",
    ] {
        assert_eq!(probed(file), Err(Refusal::Heif));
    }
    assert!(Refusal::Heif.to_string().contains("JPEG"));
    for file in [&b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"[..], b"\0\0\0\x18ftypmif1\0\0\0\0"] {
        assert_eq!(probed(file), Err(Refusal::Damaged));
    }
}

#[test]
fn a_file_over_the_limit_is_refused_with_the_limit() {
    let file = fixtures::jpeg(&quarters(320, 240), &JpegWith::default());
    let limits = Limits { max_bytes: file.len() as u64, ..Limits::default() };
    assert!(probe(&mut Cursor::new(&file), &limits).is_ok());
    let mut longer = file;
    longer.push(0);
    let refused = probe(&mut Cursor::new(&longer), &limits);
    assert!(matches!(refused, Err(MediaError::Refused(Refusal::TooManyBytes { .. }))), "{refused:?}");
}

#[test]
fn unsupported_jpeg_variants_are_refused() {
    let plain = fixtures::jpeg(&quarters(320, 240), &JpegWith::default());
    let frame = plain.windows(2).position(|bytes| bytes == [0xFF, 0xC0]).expect("has a frame");
    for (at, lossless_or_12_bits) in [(frame + 1, 0xC3), (frame + 4, 12)] {
        let mut unusual = plain.clone();
        unusual[at] = lossless_or_12_bits;
        assert_eq!(probed(&unusual), Err(Refusal::Unsupported));
    }
}

/// Prefixes that lead into each of the parsers.
const MAGIC: [&[u8]; 8] = [
    b"",
    b"\xFF\xD8\xFF",
    b"\xFF\xD8\xFF\xE1\0\x20Exif\0\0MM\0*",
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\x01\0",
    b"RIFF\x20\0\0\0WEBPVP8 ",
    b"GIF89a\0\x01\0\x01\x80\0\0",
    b"\0\0\0\x18ftyp",
    b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\0meta\0\0\0\0",
];

proptest! {
    #[test]
    fn any_bytes_after_any_magic_are_probed_without_a_panic(
        magic in prop::sample::select(&MAGIC[..]),
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = probed(&[magic, &rest].concat());
    }

    #[test]
    fn a_corrupted_or_truncated_picture_is_probed_without_a_panic(
        format in 0_usize..5, at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let picture = quarters(200, 200);
        let plain = DynamicImage::ImageRgb8(picture.clone());
        let mut file = match format {
            0 => fixtures::jpeg(&picture, &JpegWith { exif: Some(fixtures::exif(Orientation::Flipped)), ..JpegWith::default() }),
            1 => fixtures::file_of(&plain, ImageFormat::Png),
            2 => fixtures::file_of(&plain, ImageFormat::WebP),
            3 => avif(200, 200),
            _ => fixtures::file_of(&plain, ImageFormat::Gif),
        };
        let at = at.index(file.len());
        file[at] = byte;
        let _ = probed(&file);
        let _ = probed(&file[..cut.index(file.len())]);
    }
}
