//! JPEGs with subsampled chroma.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use super::EDGE;
use crate::{Crop, Limits, fixtures::QUARTERS, render::render};

/// A picture whose four quarters meet at the centre of the crop.
fn picture((width, height): (u32, u32), crop: Crop) -> RgbImage {
    let (across, down) = (crop.x + crop.side / 2, crop.y + crop.side / 2);
    RgbImage::from_fn(width, height, |x, y| {
        let quarter = usize::from(x >= across) + 2 * usize::from(y >= down);
        image::Rgb(QUARTERS[quarter])
    })
}

fn jpeg(picture: &RgbImage, sampling: SamplingFactor, progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 92);
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(progressive);
    let fit = |length: u32| u16::try_from(length).expect("fits in a JPEG");
    let (width, height) = picture.dimensions();
    encoder.encode(picture.as_raw(), fit(width), fit(height), ColorType::Rgb).expect("is encoded");
    file
}

/// Asserts that the largest square shows the four quarters and that their colours meet at its centre.
fn assert_quarters(what: &str, file: &[u8], crop: Crop) {
    let rendered = render(file, Some(crop), &Limits::default(), |_, _| ()).expect(what);
    let largest = &rendered.pictures[0];
    let side = largest.width;
    let rgb = JpegDecoder::new(ZCursor::new(&largest.jpeg)).decode().expect("is a JPEG");
    let shown = RgbImage::from_raw(side, side, rgb).expect("is whole");
    let colour = |x, y| shown.get_pixel(x, y).0;

    let (near, far) = (side / 4, side * 3 / 4);
    let places = [(near, near), (far, near), (near, far), (far, far)];
    for ((x, y), expected) in places.into_iter().zip(QUARTERS) {
        let found = colour(x, y);
        let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 5);
        assert!(is_near, "{what}: {found:?} instead of {expected:?} at {x},{y}");
    }

    // From red to green and from red to blue. Luma doesn't affect which of two channels is larger.
    let is_green = |x: &u32| {
        let [red, green, _] = colour(*x, near);
        red < green
    };
    let is_blue = |y: &u32| {
        let [red, _, blue] = colour(near, *y);
        red < blue
    };
    for edge in [(0..side).find(is_green), (0..side).find(is_blue)] {
        // The encoder subsamples to the first of up to four pixels, and the square's own chroma has half
        // resolution.
        let is_near = edge.is_some_and(|at| at.abs_diff(side / 2) <= 6);
        assert!(is_near, "{what}: colours meet at {edge:?} of {side}");
    }
}

#[test]
fn subsampled_chroma_is_aligned_with_luma() {
    for (size, crop) in [
        ((EDGE, EDGE), Crop { x: 0, y: 0, side: EDGE }),
        ((420, 380), Crop { x: 127, y: 31, side: EDGE }),
        // More pixels than are shown, so each component is decoded at its own scale.
        ((2500, 2300), Crop { x: 251, y: 71, side: 2200 }),
    ] {
        let picture = picture(size, crop);
        for sampling in [SamplingFactor::R_4_2_2, SamplingFactor::R_4_4_0, SamplingFactor::R_4_1_1] {
            for progressive in [false, true] {
                let what = format!("{sampling:?}, crop {crop}, progressive: {progressive}");
                assert_quarters(&what, &jpeg(&picture, sampling, progressive), crop);
            }
        }
    }
}
