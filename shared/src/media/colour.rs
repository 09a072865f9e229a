//! Colours: JFIF's formulas, inks, and profiles to sRGB.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

/// Fractions are counted in 2^-16.
const BITS: u32 = 16;
const HALF: i32 = 1 << (BITS - 1);

/// Differences of less than this, in 8-bit steps, aren't worth a conversion.
const SAME: u8 = 1;

/// Luma of a pixel in RGB (JFIF 1.02; ITU-R BT.601).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a weighted mean of bytes is a byte"
)]
pub(super) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + HALF) >> BITS) as u8
}

/// The chroma, Cb and Cr, that four pixels in RGB have on average.
pub(super) fn chroma(four: [[u8; 3]; 4]) -> [u8; 2] {
    let sum = |channel: usize| four.iter().map(|pixel| i32::from(pixel[channel])).sum::<i32>();
    let (red, green, blue) = (sum(0), sum(1), sum(2));
    let round = |weighted: i32| clamp((weighted + (128 << (BITS + 2)) + (HALF << 2)) >> (BITS + 2));
    [
        round(-11_058 * red - 21_710 * green + 32_768 * blue),
        round(32_768 * red - 27_439 * green - 5_329 * blue),
    ]
}

/// RGB of a pixel of luma, Cb and Cr.
#[inline]
pub(super) fn rgb_of_ycc([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let luma = (i32::from(luma) << BITS) + HALF;
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    [luma + 91_881 * red, luma - 22_554 * blue - 46_802 * red, luma + 116_130 * blue]
        .map(|channel| clamp(channel >> BITS))
}

#[expect(clippy::cast_sign_loss, reason = "0 to 255")]
fn clamp(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// RGB of inks, 0 for none and 255 for all, as simple as browsers make it where there is no profile.
pub(super) fn rgb_of_inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - u32::from(black);
    #[expect(clippy::cast_possible_truncation, reason = "a product of fractions is a fraction")]
    [cyan, magenta, yellow].map(|ink| (((255 - u32::from(ink)) * light + 127) / 255) as u8)
}

/// From the colours of an embedded profile to sRGB.
pub(super) struct ToSrgb(Arc<Transform8BitExecutor>);

impl ToSrgb {
    /// The way from that profile, of colours laid out like that. None where there is nothing to do: the profile is broken
    /// or for other colours, which browsers pass over too, or it is sRGB under one of its names.
    pub(super) fn from(profile: Option<&[u8]>, layout: Layout) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile?).ok()?;
        let space = match layout {
            Layout::Gray => DataColorSpace::Gray,
            Layout::Rgba => DataColorSpace::Cmyk,
            _ => DataColorSpace::Rgb,
        };
        if profile.color_space != space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let transform =
            profile.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
        let way = Self(transform);
        (space != DataColorSpace::Rgb || way.changes_colours()).then_some(way)
    }

    /// Converts every pixel to three bytes. None: the profile turned out not to work.
    pub(super) fn convert(&self, pixels: &[u8], channels: usize) -> Option<Vec<u8>> {
        let mut rgb = vec![0; pixels.len() / channels * 3];
        self.0.transform(pixels, &mut rgb).ok()?;
        Some(rgb)
    }

    /// Whether it changes RGB at all: looks at a grid over all of it.
    fn changes_colours(&self) -> bool {
        let steps = (0..=255_u8).step_by(17);
        let grid: Vec<u8> = steps
            .clone()
            .flat_map(|red| steps.clone().map(move |green| (red, green)))
            .flat_map(|(red, green)| steps.clone().flat_map(move |blue| [red, green, blue]))
            .collect();
        let converted = self.convert(&grid, 3);
        converted.is_some_and(|converted| grid.iter().zip(converted).any(|(a, b)| a.abs_diff(b) > SAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_have_jfifs_values() {
        let ycc = |rgb| {
            let [blue, red] = chroma([rgb; 4]);
            [luma(rgb), blue, red]
        };
        assert_eq!(ycc([255, 0, 0]), [76, 85, 255]);
        assert_eq!(ycc([0, 255, 0]), [150, 44, 21]);
        assert_eq!(ycc([0, 0, 255]), [29, 255, 107]);
        assert_eq!(ycc([255; 3]), [255, 128, 128]);
        assert_eq!(ycc([0; 3]), [0, 128, 128]);
    }

    #[test]
    fn every_eighth_colour_survives_the_way_to_luma_and_back() {
        let steps = || (0..=255_u8).step_by(8);
        for (red, green) in steps().flat_map(|red| steps().map(move |green| (red, green))) {
            for blue in steps() {
                let rgb = [red, green, blue];
                let [cb, cr] = chroma([rgb; 4]);
                let back = rgb_of_ycc([luma(rgb), cb, cr]);
                assert!(rgb.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 2), "{rgb:?} became {back:?}");
            }
        }
    }

    #[test]
    fn inks_take_light_away() {
        assert_eq!(rgb_of_inks([0; 4]), [255; 3]);
        assert_eq!(rgb_of_inks([0, 255, 255, 0]), [255, 0, 0]);
        assert_eq!(rgb_of_inks([0, 0, 0, 255]), [0; 3]);
        assert_eq!(rgb_of_inks([0, 0, 0, 128]), [127; 3]);
    }

    #[test]
    fn srgb_needs_no_conversion_and_display_p3_does() {
        let encoded = |profile: ColorProfile| profile.encode().expect("is encoded");
        assert!(ToSrgb::from(Some(&encoded(ColorProfile::new_srgb())), Layout::Rgb).is_none());
        assert!(ToSrgb::from(Some(&encoded(ColorProfile::new_display_p3())), Layout::Rgb).is_some());
        assert!(ToSrgb::from(Some(&encoded(ColorProfile::new_adobe_rgb())), Layout::Rgb).is_some());
        assert!(ToSrgb::from(Some(&encoded(ColorProfile::new_display_p3())), Layout::Gray).is_none());
        assert!(ToSrgb::from(Some(b"not a profile"), Layout::Rgb).is_none());
        assert!(ToSrgb::from(None, Layout::Rgb).is_none());
    }
}
