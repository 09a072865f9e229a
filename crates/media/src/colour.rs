//! Colour conversion: JFIF's YCbCr, CMYK, and ICC profiles to sRGB.

use std::sync::Arc;

use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    TransferCharacteristics, Transform8BitExecutor, TransformOptions,
};

/// Fixed-point arithmetic with 16 fractional bits.
const BITS: u32 = 16;
const HALF: i32 = 1 << (BITS - 1);

/// A profile that changes colours by less than this, in 8-bit steps, is treated as sRGB.
const SAME: u8 = 1;

/// Luma of an RGB pixel (JFIF 1.02; ITU-R BT.601).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a weighted mean of bytes is a byte"
)]
pub(super) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + HALF) >> BITS) as u8
}

/// Average Cb and Cr of four RGB pixels.
pub(super) fn chroma(four: [[u8; 3]; 4]) -> [u8; 2] {
    let sum = |channel: usize| four.iter().map(|pixel| i32::from(pixel[channel])).sum::<i32>();
    let (red, green, blue) = (sum(0), sum(1), sum(2));
    let round = |weighted: i32| clamp((weighted + (128 << (BITS + 2)) + (HALF << 2)) >> (BITS + 2));
    [
        round(-11_058 * red - 21_710 * green + 32_768 * blue),
        round(32_768 * red - 27_439 * green - 5_329 * blue),
    ]
}

/// Converts a YCbCr pixel to RGB.
#[inline]
pub(super) fn rgb_of_ycc([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let luma = (i32::from(luma) << BITS) + HALF;
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    [luma + 91_881 * red, luma - 22_554 * blue - 46_802 * red, luma + 116_130 * blue]
        .map(|channel| clamp(channel >> BITS))
}

/// Converts coded samples, such as `YCbCr` or `YCgCo`, to RGB (ITU-T H.273, 8.3).
#[derive(Debug)]
pub(super) struct Matrix {
    /// Offset subtracted from each sample.
    zero: [i32; 3],
    /// Coefficients of the three samples for red, green and blue.
    rows: [[i32; 3]; 3],
}

impl Matrix {
    /// The matrix for an H.273 code point, for full-range samples or the range 16 to 235. `None` if the code point
    /// is unknown or not a linear matrix.
    pub(super) fn of(coefficients: u8, full_range: bool) -> Option<Self> {
        let (red, blue) = match coefficients {
            0 => {
                return Some(Self::new(
                    [false; 3],
                    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
                    full_range,
                ));
            }
            8 => {
                let rows = [[1.0, -1.0, 1.0], [1.0, 1.0, 0.0], [1.0, -1.0, -1.0]];
                return Some(Self::new([false, true, true], rows, full_range));
            }
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            2 | 5 | 6 => (0.299, 0.114),
            7 => (0.212, 0.087),
            9 => (0.2627, 0.0593),
            _ => return None,
        };
        let green = 1.0 - red - blue;
        let (from_blue, from_red) = (2.0 * (1.0 - blue), 2.0 * (1.0 - red));
        let rows = [
            [1.0, 0.0, from_red],
            [1.0, -from_blue * blue / green, -from_red * red / green],
            [1.0, from_blue, 0.0],
        ];
        Some(Self::new([false, true, true], rows, full_range))
    }

    /// `is_chroma` marks the samples that are signed around the middle of the range.
    #[expect(clippy::cast_possible_truncation, reason = "a few units")]
    fn new(is_chroma: [bool; 3], rows: [[f64; 3]; 3], full_range: bool) -> Self {
        let scale = is_chroma.map(|is_chroma| match (full_range, is_chroma) {
            (true, _) => 1.0,
            (false, true) => 255.0 / 224.0,
            (false, false) => 255.0 / 219.0,
        });
        let black = if full_range { 0 } else { 16 };
        Self {
            zero: is_chroma.map(|is_chroma| if is_chroma { 128 } else { black }),
            rows: rows.map(|row| {
                std::array::from_fn(|sample| {
                    (row[sample] * scale[sample] * f64::from(1 << BITS)).round() as i32
                })
            }),
        }
    }

    /// Converts a pixel to RGB.
    #[inline]
    pub(super) fn rgb(&self, samples: [u8; 3]) -> [u8; 3] {
        let above: [i32; 3] = std::array::from_fn(|sample| i32::from(samples[sample]) - self.zero[sample]);
        self.rows.map(|row| {
            let sum: i32 = row.iter().zip(above).map(|(share, sample)| share * sample).sum();
            clamp((sum + HALF) >> BITS)
        })
    }
}

/// Builds a profile from H.273 colour primaries and transfer characteristics. `None` if they mean sRGB or are
/// unknown.
pub(super) fn profile_of(primaries: u8, transfer: u8) -> Option<Vec<u8>> {
    /// Video curves are shown as if they were sRGB, as browsers do.
    const LIKE_SRGB: [u8; 6] = [1, 2, 6, 13, 14, 15];
    let is_srgb = LIKE_SRGB.contains(&transfer);
    // Unspecified values mean sRGB or BT.709.
    let primaries = if primaries == 2 { 1 } else { primaries };
    if is_srgb && primaries == 1 {
        return None;
    }
    let color_primaries = CicpColorPrimaries::try_from(primaries).ok()?;
    let transfer_characteristics = if is_srgb {
        TransferCharacteristics::Srgb
    } else {
        TransferCharacteristics::try_from(transfer).ok()?
    };
    let profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries,
        transfer_characteristics,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    // An unknown transfer leaves the curves empty.
    profile.red_trc.as_ref()?;
    profile.encode().ok()
}

#[expect(clippy::cast_sign_loss, reason = "0 to 255")]
fn clamp(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// Converts CMYK (0 is no ink, 255 is full ink) to RGB with the naive formula that browsers use without a profile.
pub(super) fn rgb_of_inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - u32::from(black);
    #[expect(clippy::cast_possible_truncation, reason = "a product of fractions is a fraction")]
    [cyan, magenta, yellow].map(|ink| (((255 - u32::from(ink)) * light + 127) / 255) as u8)
}

/// Converts from an embedded profile to sRGB.
pub(super) struct ToSrgb(Arc<Transform8BitExecutor>);

impl ToSrgb {
    /// Builds the conversion for pixels of this layout. `None` if there is nothing to convert: the profile is
    /// broken or for another colour space (browsers ignore those too), or it is sRGB.
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

    /// Converts each pixel to three bytes. `None` if the profile turns out to be unusable.
    pub(super) fn convert(&self, pixels: &[u8], channels: usize) -> Option<Vec<u8>> {
        let mut rgb = vec![0; pixels.len() / channels * 3];
        self.0.transform(pixels, &mut rgb).ok()?;
        Some(rgb)
    }

    /// Whether the conversion changes RGB noticeably, sampled on a grid over the cube.
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
    fn every_eighth_colour_survives_a_round_trip_through_ycbcr() {
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
    fn each_matrix_gives_its_standards_colours() {
        let near = |matrix: u8, full_range: bool, samples: [u8; 3], rgb: [u8; 3]| {
            let found = Matrix::of(matrix, full_range).expect("is known").rgb(samples);
            let is_near = found.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(is_near, "{matrix}, {full_range}: {found:?} instead of {rgb:?}");
        };
        for matrix in [1, 2, 4, 5, 6, 7, 8, 9] {
            near(matrix, true, [0, 128, 128], [0; 3]);
            near(matrix, true, [255, 128, 128], [255; 3]);
            near(matrix, false, [16, 128, 128], [0; 3]);
            near(matrix, false, [235, 128, 128], [255; 3]);
            near(matrix, false, [255, 128, 128], [255; 3]);
        }
        // Red, by the formulas of the standards that the code points name.
        near(6, true, [76, 85, 255], [254, 0, 0]);
        near(6, false, [81, 90, 240], [255, 0, 0]);
        near(1, false, [63, 102, 240], [255, 0, 0]);
        near(9, false, [74, 97, 240], [255, 0, 0]);
        near(1, true, [54, 99, 255], [254, 0, 0]);
        near(8, true, [64, 64, 255], [255, 0, 1]);
        near(0, true, [10, 20, 30], [30, 10, 20]);
        near(0, false, [16, 235, 126], [128, 0, 255]);
        for unknown in [3, 10, 11, 12, 13, 14, 15, 255] {
            assert!(Matrix::of(unknown, true).is_none(), "{unknown}");
        }
    }

    #[test]
    fn code_points_select_profiles() {
        let changes = |primaries, transfer| {
            ToSrgb::from(profile_of(primaries, transfer).as_deref(), Layout::Rgb).is_some()
        };
        assert!(!changes(1, 13) && !changes(2, 2) && !changes(1, 1) && !changes(2, 6) && !changes(0, 0));
        assert!(changes(12, 13) && changes(9, 14) && changes(1, 8) && changes(1, 4));
        let p3 = ToSrgb::from(profile_of(12, 13).as_deref(), Layout::Rgb).expect("is another gamut");
        let shown = p3.convert(&[120, 200, 120], 3).expect("is converted");
        assert!(shown.iter().zip([89, 202, 110]).all(|(a, b)| a.abs_diff(b) <= 1), "{shown:?}");
    }

    #[test]
    fn inks_darken() {
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
