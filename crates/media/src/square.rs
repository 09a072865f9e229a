//! A square picture in luma and chroma planes, between the first scaling and the encoder.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use pawdium_jpeg::Plane;

use super::{Orientation, Refusal, colour};

/// A square of 8-bit samples by JFIF's formulas: Y, and Cb and Cr at half width and height (rounded up) unless it
/// is grey.
pub(super) struct Square {
    pub(super) luma: Plane,
    pub(super) chroma: Option<[Plane; 2]>,
}

impl Square {
    /// Width and height in pixels.
    pub(super) fn side(&self) -> u32 {
        length(self.luma.width)
    }

    /// Scales the picture down.
    pub(super) fn scaled(&self, side: u32) -> Result<Self, Refusal> {
        let whole = |plane: &Plane, side| scale(plane, whole(plane), side);
        let chroma = match &self.chroma {
            Some([blue, red]) => Some([whole(blue, side.div_ceil(2))?, whole(red, side.div_ceil(2))?]),
            None => None,
        };
        Ok(Self { luma: whole(&self.luma, side)?, chroma })
    }

    /// Turns the picture upright.
    pub(super) fn turned(self, orientation: Orientation) -> Self {
        let turn = |plane| orientation.turn_square(plane);
        Self { luma: turn(self.luma), chroma: self.chroma.map(|planes| planes.map(turn)) }
    }

    /// Converts to RGB, three bytes per pixel in row order.
    pub(super) fn to_rgb(&self) -> Vec<u8> {
        let Some([blue, red]) = &self.chroma else {
            return self.luma.samples.iter().flat_map(|&grey| [grey; 3]).collect();
        };
        let mut rgb = Vec::with_capacity(self.luma.samples.len() * 3);
        for (y, row) in self.luma.samples.chunks_exact(self.luma.width).enumerate() {
            let chroma = |plane: &Plane| y / 2 * plane.width..(y / 2 + 1) * plane.width;
            let blue = &blue.samples[chroma(blue)];
            let red = &red.samples[chroma(red)];
            for (pair, (&blue, &red)) in row.chunks(2).zip(blue.iter().zip(red)) {
                for &luma in pair {
                    rgb.extend(colour::rgb_of_ycc([luma, blue, red]));
                }
            }
        }
        rgb
    }

    /// Builds a square from RGB in row order.
    pub(super) fn from_rgb(rgb: &[u8], side: usize) -> Self {
        let (pixels, _) = rgb.as_chunks::<3>();
        let luma = pixels.iter().map(|&pixel| colour::luma(pixel)).collect();
        let half = side.div_ceil(2);
        let (mut blue, mut red) = (Vec::with_capacity(half * half), Vec::with_capacity(half * half));
        for rows in pixels.chunks(side * 2) {
            let (upper, lower) = rows.split_at(side);
            // The last row and column of an odd picture are repeated.
            let lower = if lower.is_empty() { upper } else { lower };
            for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
                let four = [upper[0], upper[upper.len() - 1], lower[0], lower[lower.len() - 1]];
                let [one_blue, one_red] = colour::chroma(four);
                blue.push(one_blue);
                red.push(one_red);
            }
        }
        let plane = |side, samples| Plane { width: side, height: side, samples };
        Self { luma: plane(side, luma), chroma: Some([plane(half, blue), plane(half, red)]) }
    }
}

/// The crop for [`scale`] that covers a whole plane.
pub(super) fn whole(plane: &Plane) -> [f64; 4] {
    [0.0, 0.0, f64::from(length(plane.width)), f64::from(length(plane.height))]
}

/// Scales the area left, top, width, height (in samples) of a plane to a square with a Lanczos filter.
pub(super) fn scale(plane: &Plane, crop: [f64; 4], side: u32) -> Result<Plane, Refusal> {
    let source = (length(plane.width), length(plane.height));
    let samples = resize(&plane.samples, source, PixelType::U8, crop, side)?;
    Ok(Plane { width: side as usize, height: side as usize, samples })
}

/// Like [`scale`], for RGB.
pub(super) fn scale_rgb(rgb: &[u8], size: (u32, u32), crop: [f64; 4], side: u32) -> Result<Vec<u8>, Refusal> {
    resize(rgb, size, PixelType::U8x3, crop, side)
}

fn resize(
    samples: &[u8],
    (width, height): (u32, u32),
    pixel: PixelType,
    [left, top, wide, high]: [f64; 4],
    side: u32,
) -> Result<Vec<u8>, Refusal> {
    let source = ImageRef::new(width, height, samples, pixel).map_err(|_| Refusal::Damaged)?;
    let mut scaled = Image::new(side, side, pixel);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, wide, high);
    Resizer::new().resize(&source, &mut scaled, &options).map_err(|_| Refusal::Damaged)?;
    Ok(scaled.into_vec())
}

/// A plane's width or height, at most 2^16 here.
fn length(samples: usize) -> u32 {
    u32::try_from(samples).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_smooth_picture_is_the_same_in_planes_and_in_rgb(side in 1_usize..40, colour: [u8; 3]) {
            let rgb = colour.repeat(side * side);
            let square = Square::from_rgb(&rgb, side);
            let back = square.to_rgb();
            prop_assert_eq!(back.len(), rgb.len());
            for (before, after) in rgb.iter().zip(&back) {
                prop_assert!(before.abs_diff(*after) <= 2, "{} became {}", before, after);
            }
        }
    }

    #[test]
    fn chroma_is_averaged_and_luma_is_not() {
        let rgb = [[255, 0, 0], [0, 0, 255], [255, 0, 0], [0, 0, 255]].concat();
        let square = Square::from_rgb(&rgb, 2);
        assert_eq!(square.luma.samples, [76, 29, 76, 29]);
        let [blue, red] = square.chroma.expect("has colours");
        // Pure red has chroma 85 and 255, pure blue 255 and 107.
        assert_eq!((blue.samples, red.samples), (vec![170], vec![181]));
    }
}
