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
