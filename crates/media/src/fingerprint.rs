//! A 64-bit perceptual hash: similar pictures differ in few bits.
//!
//! The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), section
//! 3.2.1: reduce the picture to 32 × 32 luma samples, transform them, keep the 8 × 8 lowest frequencies without
//! those that are constant along a side, and set a bit for each that is above the median. Unlike in the paper, a
//! frequency must exceed the median by a margin, and a picture with too few features gets no fingerprint: in
//! drawings and empty walls nearly all frequencies are zero, and noise would decide the bits.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// Edge of the square that is transformed.
const EDGE: usize = 32;

/// Edge of the block of frequencies that is kept.
const KEPT: usize = 8;

/// Margin above the median, in steps of luma. Compression and scaling move an absent frequency by less.
const CLEARLY: f64 = 0.03;

/// A picture with fewer bits set has too few features to identify it.
const ENOUGH: u32 = 16;

/// The 64 bits of the hash.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Pictures whose fingerprints differ in at most this many bits count as the same. Among random pairs with half
    /// of the 64 bits set, this happens once in 10^11.
    pub const SAME: u32 = 6;

    /// The fingerprint of a square of luma samples in row order, `side` by `side`. `None` if the picture has too
    /// few features, `side` is below 32, or the number of samples is wrong.
    pub fn of_luma(luma: &[u8], side: usize) -> Option<Self> {
        if side < EDGE || luma.len() != side * side {
            return None;
        }
        let kept = low_frequencies(&reduce(luma, side));
        let mut sorted = kept;
        sorted.sort_unstable_by(f64::total_cmp);
        let limit = f64::midpoint(sorted[31], sorted[32]) + CLEARLY;
        let print = Self(kept.iter().fold(0, |bits, value| bits << 1 | u64::from(*value > limit)));
        print.is_plausible().then_some(print)
    }

    /// The Hamming distance, 0 to 64.
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    /// Whether [`Fingerprint::of_luma`] could have returned this value: at most half of the bits are set.
    pub(super) const fn is_plausible(self) -> bool {
        matches!(self.0.count_ones(), ENOUGH..=32)
    }

    /// The value stored in the database.
    #[must_use]
    pub const fn to_bits(self) -> i64 {
        self.0.cast_signed()
    }

    /// The fingerprint of a value from the database.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }
}

/// Averages the cells of a grid. A sample on a cell border counts for each cell by overlap.
#[expect(clippy::cast_precision_loss, reason = "sums of a few million bytes")]
fn reduce(luma: &[u8], side: usize) -> [[f64; EDGE]; EDGE] {
    // Positions and overlaps are in units of 1/32 sample.
    let cell = |at: usize| {
        let (from, to) = (at * side, (at + 1) * side);
        (from / EDGE..to.div_ceil(EDGE))
            .map(move |sample| (sample, to.min((sample + 1) * EDGE) - from.max(sample * EDGE)))
    };
    let mean = |y: usize, x: usize| {
        let row =
            |row: usize| cell(x).map(move |(column, width)| usize::from(luma[row * side + column]) * width);
        let sum: usize = cell(y).map(|(at, height)| row(at).sum::<usize>() * height).sum();
        sum as f64 / (side * side) as f64
    };
    std::array::from_fn(|y| std::array::from_fn(|x| mean(y, x)))
}

/// The two-dimensional DCT-II at frequencies 1 to 8 of each direction, orthonormal, in steps of luma.
fn low_frequencies(samples: &[[f64; EDGE]; EDGE]) -> [f64; KEPT * KEPT] {
    let basis = basis();
    let dot = |a: &[f64; EDGE], b: &[f64; EDGE]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Rows first: one value per row and horizontal frequency.
    let rows: [[f64; EDGE]; KEPT] = basis.map(|wave| samples.map(|row| dot(&row, &wave)));
    std::array::from_fn(|at| dot(&rows[at % KEPT], &basis[at / KEPT]) / 32.0)
}

/// Cosines of the frequencies 1 to 8 at 32 samples.
#[expect(clippy::cast_precision_loss, reason = "numbers below 64")]
fn basis() -> [[f64; EDGE]; KEPT] {
    std::array::from_fn(|u| {
        std::array::from_fn(|x| (PI * (u + 1) as f64 * (2 * x + 1) as f64 / (2 * EDGE) as f64).cos() / 4.0)
    })
}

#[cfg(test)]
mod tests {
    use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
    use jpeg_encoder::{ColorType, Encoder};
    use proptest::prelude::*;
    use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    use zune_jpeg::JpegDecoder;

    use super::*;

    const SIDE: usize = 240;

    /// Blobs of light at seeded random places, as different from each other as photos are.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "pixels"
    )]
    fn picture(seed: u32) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        let blobs: [[f64; 4]; 12] =
            std::array::from_fn(|_| [draw(), draw(), 0.03 + draw() * 0.2, draw() * 240.0 - 120.0]);
        let light = |x: f64, y: f64| {
            blobs.iter().fold(128.0, |sum, [at_x, at_y, size, light]| {
                sum + light * (-((x - at_x).powi(2) + (y - at_y).powi(2)) / (size * size)).exp()
            })
        };
        let at = |at: usize| at as f64 / SIDE as f64;
        (0..SIDE * SIDE)
            .map(|place| light(at(place % SIDE), at(place / SIDE)).clamp(0.0, 255.0) as u8)
            .collect()
    }

    fn of(luma: &[u8], side: usize) -> Fingerprint {
        Fingerprint::of_luma(luma, side).expect("it has features")
    }

    fn encoded_again(luma: &[u8], quality: u8) -> Vec<u8> {
        let mut file = Vec::new();
        let side = u16::try_from(SIDE).expect("is small");
        Encoder::new(&mut file, quality).encode(luma, side, side, ColorType::Luma).expect("is encoded");
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
        JpegDecoder::new_with_options(ZCursor::new(&file), options).decode().expect("is decoded")
    }

    fn scaled(luma: &[u8], side: usize) -> Vec<u8> {
        let (from, to) = (u32::try_from(SIDE).expect("is small"), u32::try_from(side).expect("is small"));
        let source = Image::from_vec_u8(from, from, luma.to_vec(), PixelType::U8).expect("is a square");
        let mut result = Image::new(to, to, PixelType::U8);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        Resizer::new().resize(&source, &mut result, &options).expect("is scaled");
        result.into_vec()
    }

    #[test]
    fn recompressed_scaled_or_brightened_copies_match() {
        for seed in 0..40 {
            let luma = picture(seed);
            let print = of(&luma, SIDE);
            let brighter: Vec<u8> = luma.iter().map(|sample| sample.saturating_add(8)).collect();
            let flatter: Vec<u8> = luma.iter().map(|sample| sample / 8 * 7 + sample % 8 + 12).collect();
            let again = encoded_again(&luma, 40);
            assert!(print.distance(of(&again, SIDE)) <= Fingerprint::SAME, "{seed}: encoded");
            assert!(print.distance(of(&brighter, SIDE)) <= Fingerprint::SAME, "{seed}: brighter");
            assert!(print.distance(of(&flatter, SIDE)) <= Fingerprint::SAME, "{seed}: flatter");
            for side in [97, 160, 540] {
                let there = of(&scaled(&luma, side), side);
                assert!(print.distance(there) <= Fingerprint::SAME, "{seed}: {side}");
            }
        }
    }

    #[test]
    fn different_pictures_differ_in_many_bits() {
        let prints: Vec<_> = (0..120).map(|seed| of(&picture(seed), SIDE)).collect();
        let pairs = prints.iter().enumerate().flat_map(|(at, a)| prints[..at].iter().map(|b| a.distance(*b)));
        let distances: Vec<u32> = pairs.collect();
        assert!(
            distances.iter().all(|distance| *distance > Fingerprint::SAME),
            "{:?}",
            distances.iter().min()
        );
        let mean = distances.iter().map(|distance| f64::from(*distance)).sum::<f64>() / 7_140.0;
        assert!((28.0..36.0).contains(&mean), "{mean}");
    }

    #[test]
    fn rotated_and_mirrored_pictures_do_not_match() {
        let luma = picture(7);
        let mirrored: Vec<u8> = luma.chunks(SIDE).flat_map(|row| row.iter().rev().copied()).collect();
        assert!(of(&luma, SIDE).distance(of(&mirrored, SIDE)) > Fingerprint::SAME);
    }

    #[test]
    fn an_empty_wall_has_no_fingerprint() {
        assert_eq!(Fingerprint::of_luma(&vec![200; 160 * 160], 160), None);
        let grain: Vec<u8> =
            (0..160 * 160_u32).map(|at| 120 + (at.wrapping_mul(2_654_435_761) >> 30) as u8).collect();
        assert_eq!(Fingerprint::of_luma(&grain, 160), None);
        assert_eq!(Fingerprint::of_luma(&[0, 255].repeat(8), 4), None, "too small");
    }

    proptest! {
        #[test]
        fn computed_fingerprints_are_plausible(luma in proptest::collection::vec(any::<u8>(), 40 * 40)) {
            prop_assert!(Fingerprint::of_luma(&luma, 40).is_none_or(Fingerprint::is_plausible));
        }
    }
}
