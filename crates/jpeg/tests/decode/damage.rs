//! Files that are truncated, damaged, artificial, or unusual but valid.

use pawdium_jpeg::{Decoder, Error, Region, Scale};
use proptest::prelude::*;

use super::pictures::{Dice, SCALES, cjpeg, decode};

const SIZE: (usize, usize) = (67, 51);

fn samples() -> Vec<Vec<u8>> {
    [
        &["-baseline"][..],
        &["-progressive"],
        &["-restart", "3B"],
        &["-progressive", "-restart", "1"],
        &["-grayscale"],
        &["-sample", "1x1"],
    ]
    .iter()
    .map(|arguments| cjpeg(arguments, SIZE))
    .collect()
}

#[test]
fn every_truncation_is_detected() {
    for source in samples() {
        for length in 0..source.len() - 2 {
            for scale in SCALES {
                assert!(
                    decode(&source[..length], scale).is_err(),
                    "{length} of {} at {scale:?}",
                    source.len()
                );
            }
        }
    }
}

#[test]
fn a_truncation_below_the_region_is_detected() {
    let source = cjpeg(&["-baseline"], (64, 640));
    let region = Region { x: 0, y: 0, width: 64, height: 16 };
    for length in source.len() / 2..source.len() - 2 {
        let decoder = Decoder::new(&source[..length]).unwrap();
        assert!(decoder.decode(region, Scale::Half).is_err(), "{length}");
    }
}

#[test]
fn a_missing_end_marker_is_tolerated() {
    for source in samples() {
        for scale in [Scale::Full, Scale::Half, Scale::Quarter] {
            let expected = decode(&source, scale).unwrap();
            assert_eq!(decode(&source[..source.len() - 2], scale), Ok(expected.clone()));
            assert_eq!(decode(&source[..source.len() - 1], scale), Ok(expected));
        }
    }
}

#[test]
fn trailing_and_stray_bytes_are_skipped() {
    for source in samples() {
        let expected = decode(&source, Scale::Full).unwrap();
        let mut longer = source.clone();
        longer.extend(b"<html>\xFF\xD8\xFF\xFF\xD9");
        assert_eq!(decode(&longer, Scale::Full).unwrap(), expected);
        // Fill bytes and stray bytes before the first table.
        let table = source.windows(2).position(|bytes| bytes == [0xFF, 0xDB]).unwrap();
        let mut stray = source[..table].to_vec();
        stray.extend([0x00, 0x17, 0xFF, 0x00, 0xFF, 0xFF]);
        stray.extend(&source[table..]);
        assert_eq!(decode(&stray, Scale::Full).unwrap(), expected);
    }
}

#[test]
fn flipped_bits_never_panic() {
    for (seed, source) in samples().iter().enumerate() {
        let mut dice = Dice(seed as u64);
        for round in 0..1500 {
            let mut damaged = source.clone();
            for _ in 0..=dice.throw(4) {
                // Half of them in the headers.
                let length = if dice.throw(2) == 0 { 640.min(damaged.len()) } else { damaged.len() };
                let at = 2 + dice.throw(length - 2);
                damaged[at] ^= 1 << dice.throw(8);
            }
            let Ok(decoder) = Decoder::new(&damaged) else { continue };
            let header = decoder.header();
            // Callers bound the size first.
            if header.width > 4096 || header.height > 4096 {
                continue;
            }
            let region = Region { x: header.width / 3, y: header.height / 3, width: 1, height: 1 };
            let _ = decoder.decode(region, SCALES[round % 4]);
        }
    }
}

#[test]
fn endless_scans_are_refused() {
    let source = cjpeg(&["-progressive", "-grayscale"], SIZE);
    // Repeat the last scan a hundred times.
    let scan = source.windows(2).rposition(|bytes| bytes == [0xFF, 0xC4]).unwrap();
    let end = source.len() - 2;
    let mut many = source[..end].to_vec();
    for _ in 0..100 {
        many.extend(&source[scan..end]);
    }
    many.extend([0xFF, 0xD9]);
    assert!(matches!(decode(&many, Scale::Full), Err(Error::Corrupt(_) | Error::TooMany(_))));
}

#[test]
fn a_huge_picture_without_data_takes_no_time() {
    let mut source = cjpeg(&["-baseline"], (16, 16));
    let frame = source.windows(2).position(|bytes| bytes == [0xFF, 0xC0]).unwrap();
    source[frame + 5..frame + 9].fill(0xFF);
    let decoder = Decoder::new(&source).unwrap();
    assert_eq!(decoder.header().width, 65_535);
    let region = Region { x: 0, y: 0, width: 65_535, height: 8 };
    assert!(decoder.decode(region, Scale::Eighth).is_err());
}

#[test]
fn unsupported_features_are_named() {
    let source = cjpeg(&["-baseline"], (16, 16));
    let frame = source.windows(2).position(|bytes| bytes == [0xFF, 0xC0]).unwrap();
    let with = |offset: usize, value: u8| {
        let mut changed = source.clone();
        changed[frame + offset] = value;
        Decoder::new(&changed).err()
    };
    assert_eq!(with(1, 0xC3), Some(Error::Unsupported("lossless coding")));
    assert_eq!(with(1, 0xC9), Some(Error::Unsupported("arithmetic coding")));
    assert_eq!(with(1, 0xC5), Some(Error::Unsupported("hierarchical coding")));
    assert_eq!(with(4, 12), Some(Error::Unsupported("samples of more than 8 bits")));
    assert_eq!(with(6, 0), Some(Error::Unsupported("a deferred height")));
    assert_eq!(with(9, 2), Some(Error::Unsupported("two components")));
    assert_eq!(Decoder::new(b"GIF89a").err(), Some(Error::NotJpeg));
    assert_eq!(Decoder::new(b"").err(), Some(Error::NotJpeg));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]
    #[test]
    fn random_bytes_are_not_a_picture(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut source = vec![0xFF, 0xD8, 0xFF];
        source.extend(bytes);
        if let Ok(decoder) = Decoder::new(&source) {
            let _ = decoder.decode(Region { x: 0, y: 0, width: 1, height: 1 }, Scale::Full);
        }
    }

    #[test]
    fn random_data_in_a_scan_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..3000), progressive: bool) {
        let source = cached(progressive);
        let scan = source.windows(2).position(|bytes| bytes == [0xFF, 0xDA]).unwrap() + 14;
        let mut made_up = source[..scan].to_vec();
        made_up.extend(bytes);
        made_up.extend([0xFF, 0xD9]);
        let _ = decode(&made_up, Scale::Half);
    }
}

fn cached(progressive: bool) -> &'static [u8] {
    static FILES: std::sync::OnceLock<[Vec<u8>; 2]> = std::sync::OnceLock::new();
    let make = || [cjpeg(&["-baseline"], SIZE), cjpeg(&["-progressive"], SIZE)];
    &FILES.get_or_init(make)[usize::from(progressive)]
}
