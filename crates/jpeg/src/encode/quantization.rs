//! Quantization of coefficients.

use super::{
    Quality,
    dct::{Rows, SCALE},
};
use crate::zigzag::ZIGZAG;

/// Hundredths of the steps at quality 50, row by row: 9.5 · (1 + a · (f / 7)^1.2), where f is a coefficient's
/// distance from DC and a is 5 for luma and 8 for chroma.
///
/// The family was searched for the fewest bytes at equal SSIMULACRA2 on photographs of 540 × 540. Compared with the
/// tables of T.81's annex K it spends more on middle frequencies, in line with the thresholds measured by Klein,
/// Silverstein and Carney ("Relevance of human vision to JPEG-DCT compression", Proc. SPIE 1666, 1992), and less on
/// the lowest of chroma.
const LUMA: [u16; 64] = [
    950, 1410, 2006, 2668, 3377, 4122, 4898, 5700, 1410, 1647, 2158, 2781, 3467, 4198, 4963, 5758, 2006,
    2158, 2551, 3093, 3725, 4417, 5155, 5929, 2668, 2781, 3093, 3555, 4122, 4765, 5463, 6206, 3377, 3467,
    3725, 4122, 4628, 5218, 5872, 6578, 4122, 4198, 4417, 4765, 5218, 5758, 6367, 7033, 4898, 4963, 5155,
    5463, 5872, 6367, 6934, 7560, 5700, 5758, 5929, 6206, 6578, 7033, 7560, 8150,
];
/// Like [`LUMA`].
const CHROMA: [u16; 64] = [
    950, 1686, 2640, 3699, 4833, 6025, 7267, 8550, 1686, 2065, 2882, 3879, 4977, 6146, 7371, 8643, 2640,
    2882, 3512, 4378, 5389, 6498, 7679, 8916, 3699, 3879, 4378, 5117, 6025, 7054, 8171, 9359, 4833, 4977,
    5389, 6025, 6836, 7779, 8826, 9954, 6025, 6146, 6498, 7054, 7779, 8643, 9617, 10683, 7267, 7371, 7679,
    8171, 8826, 9617, 10524, 11527, 8550, 8643, 8916, 9359, 9954, 10683, 11527, 12469,
];

/// Dead zone: how far, in steps, a coefficient is moved towards zero before rounding. Values below 0.56 of a step
/// are dropped. The saved bits improve quality more when spent on smaller steps.
const TOWARDS_ZERO: f32 = 0.06;

/// The quantizer of one kind of component.
#[derive(Clone, Debug)]
pub(super) struct Quantizer {
    /// Steps in row order.
    pub steps: [u8; 64],
    /// Factors for the results of [`super::dct::forward`], in its order.
    factors: Rows,
    /// Dead zone in steps, in the same order.
    towards_zero: Rows,
}

impl Quantizer {
    pub(super) fn luma(quality: Quality) -> Self {
        Self::new(&LUMA, quality)
    }

    pub(super) fn chroma(quality: Quality) -> Self {
        Self::new(&CHROMA, quality)
    }

    fn new(base: &[u16; 64], quality: Quality) -> Self {
        let step = |base: u16| (u32::from(base) * quality.percent() + 5_000) / 10_000;
        let steps = base.map(|base| u8::try_from(step(base).max(1)).unwrap_or(u8::MAX));
        let mut factors = Rows::default();
        for (u, row) in factors.iter_mut().enumerate() {
            for (v, factor) in row.iter_mut().enumerate() {
                #[expect(clippy::cast_possible_truncation, reason = "the nearest f32 is intended")]
                let nearest = (1.0 / (SCALE[u] * SCALE[v] * 8.0 * f64::from(steps[8 * v + u]))) as f32;
                *factor = nearest;
            }
        }
        let mut towards_zero = [[TOWARDS_ZERO; 8]; 8];
        // No dead zone for DC: wrong means show as steps between blocks.
        towards_zero[0][0] = 0.0;
        Self { steps, factors, towards_zero }
    }

    /// Quantizes coefficients, in the order of `transformed`.
    #[inline(always)]
    pub(super) fn quantize(&self, transformed: &Rows) -> [i16; 64] {
        /// 1.5 · 2^23: adding it to a small float leaves the nearest integer in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        let mut quantized = [0; 64];
        for u in 0..8 {
            for v in 0..8 {
                let value = transformed[u][v] * self.factors[u][v];
                let drawn = value - self.towards_zero[u][v].copysign(value);
                #[expect(clippy::cast_possible_truncation, reason = "the lowest bits hold the number")]
                let rounded = (drawn + ROUND).to_bits() as i16;
                quantized[8 * u + v] = rounded;
            }
        }
        quantized
    }
}

/// Maps the order of [`Quantizer::quantize`] to zigzag order.
pub(super) const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut place = 0u8;
    while place < 64 {
        let (v, u) = (ZIGZAG[place as usize] / 8, ZIGZAG[place as usize] % 8);
        places[(8 * u + v) as usize] = place;
        place += 1;
    }
    places
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_their_formula() {
        for (table, slope) in [(&LUMA, 5.0), (&CHROMA, 8.0)] {
            for (i, &step) in (0u8..).zip(table) {
                let distance = f64::from(i % 8).hypot(f64::from(i / 8));
                let wanted = 950.0 * (1.0 + slope * (distance / 7.0).powf(1.2));
                assert!((f64::from(step) - wanted).abs() <= 0.5 + 1e-6, "{i}: {step} for {wanted}");
            }
        }
    }

    #[test]
    fn steps_shrink_as_quality_grows_and_stay_within_a_byte() {
        for kind in [Quantizer::luma, Quantizer::chroma] {
            let steps: Vec<[u8; 64]> = (1..=100).map(|quality| kind(Quality::new(quality)).steps).collect();
            assert!(steps.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).all(|(low, high)| low >= high)));
            assert_eq!(steps[99], [1; 64]);
            assert_eq!(steps[0], [255; 64]);
        }
    }

    #[test]
    fn values_are_rounded_to_the_nearest_or_the_smaller_step() {
        let quantizer = Quantizer::luma(Quality::new(80));
        for (steps, wanted) in [
            (0.0, 0),
            (0.55, 0),
            (-0.55, 0),
            (0.57, 1),
            (-0.57, -1),
            (1.55, 1),
            (-7.6, -8),
            (250.58, 251),
            (-250.5, -250),
        ] {
            let rows: Rows =
                std::array::from_fn(|u| std::array::from_fn(|v| steps / quantizer.factors[u][v]));
            let quantized = quantizer.quantize(&rows);
            assert!(quantized[1..].iter().all(|&value| value == wanted), "{steps}: {quantized:?}");
        }
        let mean = |steps: f32| quantizer.quantize(&[[steps / quantizer.factors[0][0]; 8]; 8])[0];
        assert_eq!([mean(0.49), mean(0.51), mean(-3.51)], [0, 1, -4]);
    }

    #[test]
    fn indices_follow_the_zigzag() {
        for (place, index) in (0u8..).zip(ZIGZAG) {
            assert_eq!(PLACES[usize::from(8 * (index % 8) + index / 8)], place);
        }
    }
}
