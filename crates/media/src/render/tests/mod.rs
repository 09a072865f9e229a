//! ICC profiles to sRGB, for every format that can embed one.

use image::{
    ExtendedColorType, ImageEncoder, RgbImage,
    codecs::{png::PngEncoder, webp::WebPEncoder},
};
use jpeg_encoder::ColorType;
use moxcms::ColorProfile;
use pawdium_avif_samples::{Avif, Property, Still};
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use super::*;
use crate::fixtures::{self, JpegWith};

mod formats;
mod jpegs;

const EDGE: u32 = 240;

/// The pixels of the largest square at these places, read by another decoder.
fn shown_at<const N: usize>(file: &[u8], places: [(u32, u32); N]) -> [[u8; 3]; N] {
    let rendered = render(file, None, &Limits::default(), |_, _| ()).expect("is rendered");
    let jpeg = rendered.pictures[0].jpeg.clone();
    let mut decoder = JpegDecoder::new(ZCursor::new(&jpeg));
    let rgb = decoder.decode().expect("is a JPEG");
    let channels = rgb.len() / (EDGE * EDGE) as usize;
    places.map(|(x, y)| {
        let at = (y * EDGE + x) as usize * channels;
        std::array::from_fn(|channel| rgb[at + channel % channels])
    })
}

/// The colour of the centre.
fn shown(file: &[u8]) -> [u8; 3] {
    let [middle] = shown_at(file, [(EDGE / 2, EDGE / 2)]);
    middle
}

/// Two generations of JPEG move a colour, and a wide gamut amplifies that.
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

/// Expected values come from the profiles' definitions: primaries and curves by the matrices of CSS Color 4.
#[test]
fn wide_gamuts_are_converted_to_srgb() {
    let adobe = ColorProfile::new_adobe_rgb();
    assert_shows(&jpeg([120, 200, 120], &adobe), [51, 201, 116]);
    assert_shows(&jpeg([200, 80, 60], &adobe), [230, 79, 56]);
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_display_p3()), [94, 202, 111]);
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_srgb()), [120, 200, 120]);
}

#[test]
fn a_grey_profile_sets_the_lightness_of_greys() {
    let profile = bytes_of(&ColorProfile::new_gray_with_gamma(1.8));
    let with = JpegWith { profile: Some(profile), full_chroma: true, ..JpegWith::default() };
    let samples = [128].repeat((EDGE * EDGE) as usize);
    let file = fixtures::encode(&samples, (EDGE, EDGE), ColorType::Luma, &with);
    assert_shows(&file, [146; 3]);
}

/// A fictitious press on grey paper whose inks differ from their names, in 8-bit CIELAB of ICC.1:2001: the corners
/// of a table from cyan, magenta, yellow and black.
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
    // Black varies fastest; cyan changes after eight entries.
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
    // D50, the white point of the table's colours.
    profile[68..80].copy_from_slice(&[0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D]);
    profile.extend(number(1));
    profile.extend(b"A2B0");
    profile.extend(number(start));
    profile.extend(number(length));
    profile.extend(table);
    profile
}

/// Expected values come from the press's CIELAB by the formulas of CIE 15 and IEC 61966-2-1.
#[test]
fn a_cmyk_profile_is_converted_to_srgb() {
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

/// A picture of one colour with a profile, written by this encoder.
fn plain(mut encoder: impl ImageEncoder, profile: &ColorProfile, samples: &[u8], kind: ExtendedColorType) {
    encoder.set_icc_profile(bytes_of(profile)).expect("there is a place for it");
    let samples = samples.repeat((EDGE * EDGE) as usize);
    encoder.write_image(&samples, EDGE, EDGE, kind).expect("is encoded");
}

fn png(profile: &ColorProfile, samples: &[u8], kind: ExtendedColorType) -> Vec<u8> {
    let mut file = Vec::new();
    plain(PngEncoder::new(&mut file), profile, samples, kind);
    file
}

#[test]
fn png_and_webp_profiles_are_converted() {
    let green = [120, 200, 120];
    assert_shows(&png(&ColorProfile::new_adobe_rgb(), &green, ExtendedColorType::Rgb8), [51, 201, 116]);
    let p3 = ColorProfile::new_display_p3();
    let mut file = Vec::new();
    plain(WebPEncoder::new_lossless(&mut file), &p3, &green, ExtendedColorType::Rgb8);
    assert_shows(&file, [94, 202, 111]);
    let mut file = Vec::new();
    plain(WebPEncoder::new_lossless(&mut file), &p3, &[120, 200, 120, 255], ExtendedColorType::Rgba8);
    assert_shows(&file, [94, 202, 111]);
}

/// By the definitions of the curves: 255 · s((v / 255)^1.8), where s is that of IEC 61966-2-1.
#[test]
fn grey_profiles_apply_in_every_format() {
    let profile = ColorProfile::new_gray_with_gamma(1.8);
    for (samples, kind, expected) in [
        (&[128][..], ExtendedColorType::L8, 146),
        (&[60], ExtendedColorType::L8, 77),
        (&[128, 255], ExtendedColorType::La8, 146),
        (&[128, 0], ExtendedColorType::La8, 255),
        (&[128, 128], ExtendedColorType::L16, 146),
    ] {
        assert_shows(&png(&profile, samples, kind), [expected; 3]);
    }
    let grey = Still { layout: pawdium_avif_samples::Layout::Grey, ..Still::new(EDGE, EDGE) };
    let avif = Avif::of(&grey, grey.quarters([[128, 0, 0]; 4])).with(Property::profile(&bytes_of(&profile)));
    assert_shows(&avif.file(), [146; 3]);
    let opacity = grey.quarters([[254, 0, 0]; 4]);
    assert_shows(&avif.with_alpha(2, &grey, opacity).file(), [146; 3]);
}

/// ProPhoto has the same curve except for the darkest colours.
#[test]
fn a_colour_profile_applies_to_greys() {
    let pro_photo = ColorProfile::new_pro_photo_rgb();
    assert_shows(&png(&pro_photo, &[128], ExtendedColorType::L8), [146; 3]);
    assert_shows(&png(&pro_photo, &[128; 3], ExtendedColorType::Rgb8), [146; 3]);
}

#[test]
fn an_unsuitable_or_invalid_profile_is_ignored() {
    assert_shows(&jpeg([120, 200, 120], &ColorProfile::new_gray_with_gamma(1.8)), [120, 200, 120]);
    let picture = RgbImage::from_pixel(EDGE, EDGE, image::Rgb([120, 200, 120]));
    let with = JpegWith { profile: Some(b"no profile at all".to_vec()), ..JpegWith::default() };
    assert_shows(&fixtures::jpeg(&picture, &with), [120, 200, 120]);
}
