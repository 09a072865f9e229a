use std::io::Cursor;

use image::{RgbImage, imageops};
use moxcms::ColorProfile;
use pawdium_avif_samples::{Avif, Item, Layout, Place, Property, Still};
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use super::*;
use crate::{
    Format, Rendered,
    fixtures::QUARTERS,
    probe::{Probe, probe},
    render::render,
};

mod broken;
mod shown;

const WIDTH: u32 = 448;
const HEIGHT: u32 = 320;

/// sRGB with JPEG's matrix.
const PLAIN: [u8; 3] = [1, 13, 6];

fn still() -> Still {
    Still { colours: Some(PLAIN), ..Still::new(WIDTH, HEIGHT) }
}

fn probed(file: &[u8]) -> Result<Probe, Refusal> {
    match probe(&mut Cursor::new(file), &Limits::default()) {
        Ok(probe) => Ok(probe),
        Err(MediaError::Refused(refusal)) => Err(refusal),
        Err(MediaError::Io(error)) => panic!("memory can't fail: {error}"),
    }
}

fn rendered(file: &[u8]) -> Result<Rendered, Refusal> {
    render(file, None, &Limits::default(), |_, _| ())
}

/// Encodes RGB by ITU-T H.273 (8.3, equations 4 to 6, 20 to 45 and 57 to 60).
fn coded(still: &Still, matrix: u8, colours: [[u8; 3]; 4]) -> [[u16; 3]; 4] {
    let scale = f64::from(1 << (still.depth - 8));
    let most = f64::from((1_u32 << still.depth) - 1);
    let luma = |value: f64| if still.full_range { value * most } else { scale * (219.0 * value + 16.0) };
    let chroma = |value: f64| {
        let half = 128.0 * scale;
        if still.full_range { value * most + half } else { scale * 224.0 * value + half }
    };
    colours.map(|colour| {
        let [red, green, blue] = colour.map(|value| f64::from(value) / 255.0);
        let weighted = |from_red: f64, from_blue: f64| {
            let y = from_red * red + (1.0 - from_red - from_blue) * green + from_blue * blue;
            [
                luma(y),
                chroma((blue - y) / 2.0 / (1.0 - from_blue)),
                chroma((red - y) / 2.0 / (1.0 - from_red)),
            ]
        };
        let samples = match matrix {
            0 => [luma(green), luma(blue), luma(red)],
            1 => weighted(0.2126, 0.0722),
            8 => [
                luma(green / 2.0 + (red + blue) / 4.0),
                chroma(green / 2.0 - (red + blue) / 4.0),
                chroma((red - blue) / 2.0),
            ],
            9 => weighted(0.2627, 0.0593),
            _ => weighted(0.299, 0.114),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        samples.map(|sample| sample.round().clamp(0.0, most) as u16)
    })
}

/// The four quarters that every test picture shows.
fn quarters(still: &Still) -> Vec<u8> {
    let matrix = still.colours.map_or(6, |[_, _, matrix]| matrix);
    still.quarters(coded(still, matrix, QUARTERS))
}

/// The centre pixels of the quarters in the largest square, read by another decoder.
fn shown(rendered: &Rendered) -> [[u8; 3]; 4] {
    let picture = &rendered.pictures[0];
    let mut decoder = JpegDecoder::new(ZCursor::new(&picture.jpeg));
    let samples = decoder.decode().expect("is a JPEG");
    let channels = samples.len() / (picture.width * picture.height) as usize;
    let (near, far) = (picture.width / 4, picture.width * 3 / 4);
    [(near, near), (far, near), (near, far), (far, far)].map(|(x, y)| {
        let at = (y * picture.width + x) as usize * channels;
        std::array::from_fn(|channel| samples[at + channel % channels])
    })
}

#[track_caller]
fn assert_near(what: &str, found: [[u8; 3]; 4], expected: [[u8; 3]; 4], tolerance: u8) {
    let near =
        found.iter().flatten().zip(expected.iter().flatten()).all(|(a, b)| a.abs_diff(*b) <= tolerance);
    assert!(near, "{what}: {found:?} instead of {expected:?}");
}

#[track_caller]
fn assert_shows_quarters(what: &str, file: &[u8]) {
    match rendered(file) {
        Ok(rendered) => assert_near(what, shown(&rendered), QUARTERS, 8),
        Err(refusal) => panic!("{what}: {refusal:?}"),
    }
}
