//! What is left of the coefficients.

use super::{
    Quality,
    dct::{Rows, SCALE},
};
use crate::zigzag::ZIGZAG;

const LUMA: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// The steps of one kind of component.
#[derive(Clone, Debug)]
pub(super) struct Quantizer {
    /// The steps row by row.
    pub steps: [u8; 64],
    /// What [`super::dct::forward`]'s results are multiplied with, in their order.
    factors: Rows,
    /// How much nearer to zero than to its neighbour a value may be rounded, in steps, in the same order.
    towards_zero: Rows,
}

impl Quantizer {
    pub(super) fn luma(quality: Quality) -> Self {
        Self::new(&LUMA, quality)
    }

    pub(super) fn chroma(quality: Quality) -> Self {
        Self::new(&CHROMA, quality)
    }

    fn new(base: &[u8; 64], quality: Quality) -> Self {
        let steps = base.map(|step| (f64::from(step) * quality.scale()).round().clamp(1.0, 255.0) as u8);
        let factor = |u: usize, v: usize| 1.0 / (SCALE[u] * SCALE[v] * 8.0 * f64::from(steps[8 * v + u]));
        Self {
            steps,
            factors: std::array::from_fn(|u| std::array::from_fn(|v| factor(u, v) as f32)),
            towards_zero: std::array::from_fn(|u| {
                std::array::from_fn(|v| if u + v == 0 { 0.0 } else { 0.0 })
            }),
        }
    }

    /// The quantized coefficients, in the order of `transformed`.
    #[inline(always)]
    pub(super) fn quantize(&self, transformed: &Rows, quantized: &mut [i16; 64]) {
        /// Added to a small float it leaves the nearest integer in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        for u in 0..8 {
            for v in 0..8 {
                let value = transformed[u][v] * self.factors[u][v];
                let drawn = value - self.towards_zero[u][v].copysign(value);
                quantized[8 * u + v] = (drawn + ROUND).to_bits() as i16;
            }
        }
    }
}

/// Where in the file's order a coefficient of [`Quantizer::quantize`]'s order stands.
pub(super) const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut place = 0;
    while place < 64 {
        let (v, u) = (ZIGZAG[place] / 8, ZIGZAG[place] % 8);
        places[(8 * u + v) as usize] = place as u8;
        place += 1;
    }
    places
};
