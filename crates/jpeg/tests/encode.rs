//! The encoder's output, read by other decoders.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "test pictures are small"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use pawdium_jpeg::{EncodeError, Plane, Quality, encode};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

type Planes = [Plane; 3];

/// A reproducible stream of bytes (xorshift32).
fn noise(mut state: u32) -> impl FnMut() -> u8 {
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    }
}

fn plane(width: usize, height: usize, mut sample: impl FnMut(usize, usize) -> u8) -> Plane {
    let samples = (0..width * height).map(|i| sample(i % width, i / width)).collect();
    Plane { width, height, samples }
}

/// A picture with slopes, edges, fine detail and some noise, like a photo.
fn photo_like(width: usize, height: usize) -> Planes {
    let mut grain = noise(7);
    let luma = |x: usize, y: usize| {
        let (x, y) = (x as f64, y as f64);
        let fur = ((x * 0.9 + (y * 0.05).sin() * 9.0).sin() * 14.0) * f64::from(u8::from(y > 40.0));
        let edge = if (x - 60.0).hypot(y - 50.0) < 35.0 { -50.0 } else { 20.0 };
        (120.0 + x * 0.2 - y * 0.15 + fur + edge + f64::from(grain() % 7)).clamp(0.0, 255.0) as u8
    };
    let luma = plane(width, height, luma);
    let (width, height) = (width.div_ceil(2), height.div_ceil(2));
    let blue = plane(width, height, |x, y| (110 + x / 3 + y / 5).min(255) as u8);
    let red = plane(width, height, |x, y| if x.abs_diff(30) + y.abs_diff(25) < 18 { 170 } else { 125 });
    [luma, blue, red]
}

fn colour([luma, blue, red]: &Planes, quality: u8) -> Vec<u8> {
    encode(luma, Some([blue, red]), Quality::new(quality)).expect("encoding")
}

fn grey(luma: &Plane, quality: u8) -> Vec<u8> {
    encode(luma, None, Quality::new(quality)).expect("encoding")
}

/// Decodes with zune-jpeg: width, height, and samples in the requested colour space.
fn decoded(file: &[u8], colours: ColorSpace) -> (usize, usize, Vec<u8>) {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let samples = decoder.decode().expect("zune-jpeg");
    let info = decoder.info().expect("zune-jpeg's info");
    (info.width.into(), info.height.into(), samples)
}

/// The largest and the mean difference.
fn difference(one: &[u8], two: &[u8]) -> (u8, f64) {
    assert_eq!(one.len(), two.len());
    let differences = one.iter().zip(two).map(|(a, b)| a.abs_diff(*b));
    let sum: u32 = differences.clone().map(u32::from).sum();
    (differences.max().unwrap_or(0), f64::from(sum) / one.len() as f64)
}

/// Markers and contents of the segments before the scan data.
fn segments(file: &[u8]) -> Vec<(u8, &[u8])> {
    assert!(file.starts_with(&[0xff, 0xd8]));
    let mut rest = &file[2..];
    let mut segments = Vec::new();
    loop {
        let [0xff, marker, high, low, ..] = *rest else { panic!("no marker at {rest:?}") };
        let length = usize::from(u16::from_be_bytes([high, low]));
        segments.push((marker, &rest[4..2 + length]));
        rest = &rest[2 + length..];
        if marker == 0xda {
            let bits = &rest[..rest.len() - 2];
            assert!(
                bits.windows(2).all(|pair| pair[0] != 0xff || pair[1] == 0),
                "a marker among the scan's bits"
            );
            assert!(rest.ends_with(&[0xff, 0xd9]));
            return segments;
        }
    }
}

/// djpeg's warnings and the length of its output.
fn djpeg(file: &[u8]) -> (String, usize) {
    let mut child = Command::new("djpeg")
        .arg("-strict")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("djpeg, which `scripts/setup test` installs");
    let mut input = child.stdin.take().expect("a pipe");
    let file = file.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&file));
    let output = child.wait_with_output().expect("djpeg");
    writer.join().expect("the writer").expect("writing to djpeg");
    assert!(output.status.success(), "{output:?}");
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.stdout.len())
}

/// Length of a picture in djpeg's output format.
fn netpbm(width: usize, height: usize, components: usize) -> usize {
    format!("P6\n{width} {height}\n255\n").len() + width * height * components
}

#[test]
fn every_small_size_is_decoded_correctly() {
    for width in 1..=40 {
        for height in 1..=40 {
            let planes = photo_like(width, height);
            let (w, h, samples) = decoded(&colour(&planes, 90), ColorSpace::RGB);
            assert_eq!((w, h, samples.len()), (width, height, width * height * 3));
            let (w, h, samples) = decoded(&grey(&planes[0], 95), ColorSpace::Luma);
            assert_eq!((w, h), (width, height));
            let (_, mean) = difference(&samples, &planes[0].samples);
            assert!(mean < 4.0, "{width}x{height}: {mean}");
        }
    }
}

#[test]
fn at_quality_100_only_rounding_changes_luma() {
    let planes = photo_like(133, 117);
    for file in [colour(&planes, 100), grey(&planes[0], 100)] {
        let (_, _, samples) = decoded(&file, ColorSpace::Luma);
        let (largest, mean) = difference(&samples, &planes[0].samples);
        assert!(largest <= 3 && mean < 0.6, "{largest}, {mean}");
    }
}

#[test]
fn errors_stay_within_half_of_the_quantizers_steps() {
    let planes = photo_like(128, 128);
    for quality in [10, 50, 80, 95] {
        let file = grey(&planes[0], quality);
        let steps = segments(&file).into_iter().find(|&(marker, _)| marker == 0xdb).expect("a table").1
            [1..65]
            .to_vec();
        let (_, _, samples) = decoded(&file, ColorSpace::Luma);
        // By Parseval's theorem the mean square error equals that of the coefficients: at most a whole step each,
        // and a twelfth of its square for evenly spread values. The decoder's own rounding adds at most 1.
        let bound: f64 = steps.iter().map(|&step| f64::from(step).powi(2)).sum::<f64>() / 64.0 / 4.0 + 1.0;
        let squares = samples.iter().zip(&planes[0].samples).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
        let error = squares.sum::<f64>() / samples.len() as f64;
        assert!(error < bound, "quality {quality}: {error} of {bound}");
    }
}

#[test]
fn colours_are_decoded_in_place() {
    let flat = |y: u8, blue: u8, red: u8| {
        [plane(50, 34, |_, _| y), plane(25, 17, |_, _| blue), plane(25, 17, |_, _| red)]
    };
    for (y, blue, red, rgb) in [
        (76, 85, 255, [254, 0, 0]),
        (150, 44, 21, [0, 255, 1]),
        (29, 255, 107, [0, 0, 254]),
        (200, 128, 128, [200, 200, 200]),
    ] {
        let file = colour(&flat(y, blue, red), 100);
        let (_, _, by_zune) = decoded(&file, ColorSpace::RGB);
        let by_image = image::load_from_memory(&file).expect("the image crate").into_rgb8();
        assert_eq!(by_image.dimensions(), (50, 34));
        for pixel in by_zune.chunks_exact(3).chain(by_image.as_raw().chunks_exact(3)) {
            assert!(difference(pixel, &rgb).0 <= 3, "{pixel:?} for {rgb:?}");
        }
    }
}

#[test]
fn extremes_are_decoded() {
    let mut random = noise(1);
    let mut pictures: Vec<Planes> = [0, 255]
        .map(|value| {
            [plane(97, 61, |_, _| value), plane(49, 31, |_, _| value), plane(49, 31, |_, _| 255 - value)]
        })
        .into();
    let check = |x: usize, y: usize| if (x + y).is_multiple_of(2) { 255 } else { 0 };
    pictures.push([plane(97, 61, check), plane(49, 31, check), plane(49, 31, check)]);
    pictures
        .push([(97, 61), (49, 31), (49, 31)].map(|(width, height)| plane(width, height, |_, _| random())));
    let mut random = noise(9);
    pictures.push(
        [(97, 61), (49, 31), (49, 31)].map(|(w, h)| plane(w, h, |_, _| if random() > 127 { 255 } else { 0 })),
    );
    for planes in pictures {
        for quality in [1, 50, 100] {
            let file = colour(&planes, quality);
            let (width, height, samples) = decoded(&file, ColorSpace::Luma);
            assert_eq!((width, height), (97, 61));
            if quality == 100 {
                let (largest, mean) = difference(&samples, &planes[0].samples);
                assert!(largest <= 3 && mean < 0.6, "{largest}, {mean}");
            }
            assert_eq!(djpeg(&file), (String::new(), netpbm(97, 61, 3)));
        }
    }
}

#[test]
fn djpeg_reads_every_kind_without_a_warning() {
    for (width, height) in [(1, 1), (8, 8), (16, 16), (17, 33), (540, 540), (1080, 1080)] {
        let planes = photo_like(width, height);
        for quality in [30, 80, 100] {
            assert_eq!(djpeg(&colour(&planes, quality)), (String::new(), netpbm(width, height, 3)));
            assert_eq!(djpeg(&grey(&planes[0], quality)), (String::new(), netpbm(width, height, 1)));
        }
    }
}

#[test]
fn only_the_segments_that_decoding_needs_are_written() {
    let planes = photo_like(64, 48);
    let markers = |file: &[u8]| segments(file).iter().map(|&(marker, _)| marker).collect::<Vec<_>>();
    let wanted = [0xe0, 0xdb, 0xc0, 0xc4, 0xda];
    assert_eq!(markers(&colour(&planes, 80)), wanted);
    assert_eq!(markers(&grey(&planes[0], 80)), wanted);
    assert_eq!(segments(&colour(&planes, 80))[0].1, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
}

#[test]
fn a_higher_quality_never_takes_fewer_bytes() {
    let planes = photo_like(320, 240);
    let sizes: Vec<usize> = (1..=100).map(|quality| colour(&planes, quality).len()).collect();
    assert!(sizes.is_sorted(), "{sizes:?}");
    assert!(sizes[99] > 4 * sizes[49]);
    assert_eq!([Quality::new(0), Quality::new(255)], [Quality::new(1), Quality::new(100)]);
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let planes = photo_like(200, 200);
    assert_eq!(colour(&planes, 80), colour(&planes.clone(), 80));
}

#[test]
fn planes_that_do_not_fit_are_refused() {
    let quality = Quality::new(80);
    let flat = |width, height| plane(width, height, |_, _| 128);
    let [luma, half] = [flat(9, 8), flat(5, 4)];
    assert!(encode(&luma, Some([&half, &half]), quality).is_ok());
    for (width, height) in [(4, 4), (5, 5), (9, 8)] {
        let chroma = flat(width, height);
        assert_eq!(
            encode(&luma, Some([&half, &chroma]), quality),
            Err(EncodeError::Chroma { width, height })
        );
    }
    for (width, height) in [(0, 0), (0, 5), (5, 0), (65_536, 1), (1, 65_536)] {
        assert_eq!(encode(&flat(width, height), None, quality), Err(EncodeError::Size { width, height }));
    }
    let short = Plane { samples: vec![0; 71], ..luma.clone() };
    let refused = Err(EncodeError::Samples { width: 9, height: 8, samples: 71 });
    assert_eq!(encode(&short, Some([&half, &half]), quality), refused);
    let vast = Plane { width: usize::MAX, height: 2, samples: Vec::new() };
    let refused = Err(EncodeError::Samples { width: usize::MAX, height: 2, samples: 0 });
    assert_eq!(encode(&vast, None, quality), refused);
}
