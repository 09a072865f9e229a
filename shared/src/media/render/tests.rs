//! Colours on their way from a profile to sRGB, in every kind of file that can bear one.

use image::{ExtendedColorType, ImageEncoder as _, RgbImage, codecs::png::PngEncoder};
use jpeg_encoder::ColorType;
use moxcms::ColorProfile;
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use super::*;
use crate::media::fixtures::{self, JpegWith};

const EDGE: u32 = 240;

/// The colour in the middle of the largest square, as another decoder shows it.
fn shown(file: &[u8]) -> [u8; 3] {
    let rendered = render(file, None, &Limits::default()).expect("is rendered");
    let jpeg = rendered.pictures[0].jpeg.clone();
    let mut decoder = JpegDecoder::new(ZCursor::new(&jpeg));
    let rgb = decoder.decode().expect("is a JPEG");
    let channels = rgb.len() / (EDGE * EDGE) as usize;
    let middle = (EDGE * EDGE / 2 + EDGE / 2) as usize * channels;
    std::array::from_fn(|channel| rgb[middle + channel % channels])
}

/// Two generations of JPEG move a colour, and a wide gamut spreads that.
fn assert_shows(file: &[u8], expected: [u8; 3]) {
    let found = shown(file);
    let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 5);
    assert!(near, "{found:?} instead of {expected:?}");
}

fn bytes_of(profile: &ColorProfile) -> Vec<u8> {
    profile.encode().expect("is encoded")
}

fn jpeg(colour: [u8; 3], profile: &ColorProfile) -> Vec<u8> {
    let picture = RgbImage::from_pixel(EDGE, EDGE, image::Rgb(colour));
    let with = JpegWith { profile: Some(bytes_of(profile)), ..JpegWith::default() };
    fixtures::jpeg(&picture, &with)
}

/// The values are those of the profiles' own definitions: their primaries and curves by the matrices of CSS Color 4.
#[test]
fn colours_of_wide_gamuts_are_shown_as_they_were_meant() {
    let adobe = ColorProfile::new_adobe_rgb();
    assert_shows(&jpeg([120, 200, 120], &adobe), [51, 201, 116]);
    assert_shows(&jpeg([200, 80, 60], &adobe), [230, 79, 56]);
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_display_p3()), [94, 202, 111]);
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_srgb()), [120, 200, 120]);
}

#[test]
fn a_grey_profile_sets_how_light_its_greys_are() {
    let profile = bytes_of(&ColorProfile::new_gray_with_gamma(1.8));
    let with = JpegWith { profile: Some(profile), full_chroma: true, ..JpegWith::default() };
    let samples = [128].repeat((EDGE * EDGE) as usize);
    let file = fixtures::encode(&samples, (EDGE, EDGE), ColorType::Luma, &with);
    assert_shows(&file, [146; 3]);
}

/// A press on grey paper whose inks are nothing like what their names say, as CIELAB in the eight bits of ICC.1:2001: the
/// corners of a table from cyan, magenta, yellow and black.
const PAPER: [u8; 3] = [242, 128, 128];
const CYAN: [u8; 3] = [153, 108, 98];
const MAGENTA: [u8; 3] = [128, 173, 133];
const YELLOW: [u8; 3] = [204, 123, 178];
const ANY_OTHER: [u8; 3] = [51, 128, 128];

/// The smallest profile of that press: a header and one table (`lut8Type`, ICC.1:2001, 6.5.7).
fn press() -> Vec<u8> {
    let ramp = || (0..=255).collect::<Vec<u8>>();
    let mut table = b"mft1\0\0\0\0".to_vec();
    table.extend([4, 3, 2, 0]);
    for entry in [1, 0, 0, 0, 1, 0, 0, 0, 1] {
        table.extend([0, entry, 0, 0]);
    }
    (0..4).for_each(|_| table.extend(ramp()));
    // Black changes with each entry, cyan after eight.
    for corner in 0..16 {
        table.extend(match corner {
            0 => PAPER,
            8 => CYAN,
            4 => MAGENTA,
            2 => YELLOW,
            _ => ANY_OTHER,
        });
    }
    (0..3).for_each(|_| table.extend(ramp()));
    table.resize(table.len().next_multiple_of(4), 0);
    let number = |number: usize| u32::try_from(number).expect("is small").to_be_bytes();
    let (start, length) = (128 + 4 + 12, table.len());
    let mut profile = vec![0; 128];
    profile[0..4].copy_from_slice(&number(start + length));
    profile[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[36..40].copy_from_slice(b"acsp");
    // D50, to which the table's colours refer.
    profile[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    profile.extend(number(1));
    profile.extend(b"A2B0");
    profile.extend(number(start));
    profile.extend(number(length));
    profile.extend(table);
    profile
}

/// The values are those of the press's CIELAB by the formulas of CIE 15 and IEC 61966-2-1.
#[test]
fn inks_are_shown_as_their_press_prints_them() {
    for (inks, plain, printed) in [
        ([255, 0, 0, 0], [0, 255, 255], [54, 156, 197]),
        ([0, 255, 0, 0], [255, 0, 255], [188, 83, 113]),
        ([0, 0, 255, 0], [255, 255, 0], [212, 200, 102]),
        ([0, 0, 0, 0], [255, 255, 255], [240, 240, 240]),
        ([0, 0, 0, 255], [0, 0, 0], [48, 48, 48]),
    ] {
        let samples = inks.repeat((EDGE * EDGE) as usize);
        for (profile, expected) in [(None, plain), (Some(press()), printed)] {
            for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
                let with = JpegWith { profile: profile.clone(), full_chroma: true, ..JpegWith::default() };
                assert_shows(&fixtures::encode(&samples, (EDGE, EDGE), kind, &with), expected);
            }
        }
    }
}

#[test]
fn a_png_may_bear_a_profile_too() {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    encoder.set_icc_profile(bytes_of(&ColorProfile::new_adobe_rgb())).expect("PNG has a place for it");
    let samples = [120, 200, 120].repeat((EDGE * EDGE) as usize);
    encoder.write_image(&samples, EDGE, EDGE, ExtendedColorType::Rgb8).expect("is encoded");
    assert_shows(&file, [51, 201, 116]);
}

#[test]
fn a_profile_for_other_colours_or_of_nonsense_is_passed_over() {
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_gray_with_gamma(1.8)), [120, 200, 120]);
    let picture = RgbImage::from_pixel(EDGE, EDGE, image::Rgb([120, 200, 120]));
    let with = JpegWith { profile: Some(b"no profile at all".to_vec()), ..JpegWith::default() };
    assert_shows(&fixtures::jpeg(&picture, &with), [120, 200, 120]);
}
