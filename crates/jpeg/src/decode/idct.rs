//! The inverse DCT (T.81, A.3.3) at full or reduced size.
//!
//! A reduced transform is the exact inverse of the N × N lowest coefficients. The first pass iterates over the
//! nonzero coefficients and adds each one's basis function to its row: most blocks have few, and no clearing,
//! reordering or transposing is needed. The second pass processes all columns at once. Floating point is exact up
//! to rounding, can't overflow on hostile files, and multiplies as fast as integers.

use std::f32::consts::SQRT_2;
use std::f64::consts::PI;

use super::Scale;
use super::block::Found;
use crate::zigzag::ZIGZAG;

/// The transform of one component's blocks.
pub(super) struct Transform {
    /// For each zigzag index, its row and its scaled basis function along the row.
    waves: Box<[[f32; 8]; 64]>,
    rows: [u8; 64],
}

impl Transform {
    /// Builds the transform for a quantization table in zigzag order.
    pub(super) fn new(scale: Scale, quantization: &[u16; 64]) -> Self {
        let side = scale.side();
        let mut waves = Box::new([[0.0; 8]; 64]);
        let mut rows = [0; 64];
        for (place, (wave, row)) in waves.iter_mut().zip(&mut rows).enumerate() {
            let (u, v) = (usize::from(ZIGZAG[place]) / 8, usize::from(ZIGZAG[place]) % 8);
            *row = u as u8;
            if u >= side || v >= side {
                continue;
            }
            let factor = f64::from(quantization[place]) * left_out(scale, u);
            for (x, sample) in wave[..side].iter_mut().enumerate() {
                let angle = (2 * x + 1) as f64 * v as f64 * PI / (2 * side) as f64;
                *sample = (factor * amplitude(v) * angle.cos()) as f32;
            }
        }
        Self { waves, rows }
    }

    /// Sums of the basis functions, row by row, plus 128.
    #[inline(always)]
    fn rows<const N: usize>(&self, dc: i16, found: &Found) -> [[f32; N]; N] {
        let mut rows = [[0.0; N]; N];
        rows[0] = [128.0 + f32::from(dc) * self.waves[0][0]; N];
        for (place, value) in found.iter() {
            let row = &mut rows[usize::from(self.rows[place]) % N];
            let value = f32::from(value);
            for (sum, wave) in row.iter_mut().zip(&self.waves[place]) {
                *sum += value * wave;
            }
        }
        rows
    }

    /// The sample value of a block without AC coefficients.
    #[inline(always)]
    fn flat(&self, dc: i16) -> u8 {
        sample(128.0 + f32::from(dc) * self.waves[0][0])
    }

    /// Writes one block to `out` with rows `stride` apart.
    #[inline(always)]
    pub(super) fn write(&self, scale: Scale, dc: i16, found: &Found, out: &mut [u8], stride: usize) {
        if found.is_empty() {
            let side = scale.side();
            let value = self.flat(dc);
            for row in out.chunks_mut(stride).take(side) {
                row[..side].fill(value);
            }
            return;
        }
        match scale {
            Scale::Full => store(&columns_of_8(&self.rows::<8>(dc, found)), out, stride),
            Scale::Half => store(&columns_of_4(&self.rows::<4>(dc, found)), out, stride),
            Scale::Quarter => store(&columns_of_2(&self.rows::<2>(dc, found)), out, stride),
            Scale::Eighth => out[0] = self.flat(dc),
        }
    }
}

/// Amplitude of a basis function of the 8-point DCT in one dimension.
fn amplitude(frequency: usize) -> f64 {
    if frequency == 0 { 0.125_f64.sqrt() } else { 0.5 }
}

/// Column factors folded into the first pass.
fn left_out(scale: Scale, frequency: usize) -> f64 {
    match scale {
        Scale::Full if frequency > 0 => 0.5 * (frequency as f64 * PI / 16.0).cos(),
        Scale::Half if frequency % 2 == 1 => 0.5,
        _ => 0.125_f64.sqrt(),
    }
}

/// Rounds and clamps to a sample.
#[inline(always)]
fn sample(value: f32) -> u8 {
    // Adding 1.5 × 2^23 leaves the rounded value in the lowest bits. This is cheaper than a checked conversion.
    (value.clamp(0.0, 255.0) + 12_582_912.0).to_bits() as u8
}

#[inline(always)]
fn store<const N: usize>(rows: &[[f32; N]; N], out: &mut [u8], stride: usize) {
    // Convert all samples before splitting them into rows, so that the compiler packs whole vectors.
    let mut samples = [[0; N]; N];
    for (out, value) in samples.as_flattened_mut().iter_mut().zip(rows.as_flattened()) {
        *out = sample(*value);
    }
    for (row, out) in samples.iter().zip(out.chunks_mut(stride)) {
        out[..N].copy_from_slice(row);
    }
}

#[inline(always)]
fn columns_of_2(rows: &[[f32; 2]; 2]) -> [[f32; 2]; 2] {
    let [a, b] = rows;
    [[a[0] + b[0], a[1] + b[1]], [a[0] - b[0], a[1] - b[1]]]
}

#[inline(always)]
fn columns_of_4(rows: &[[f32; 4]; 4]) -> [[f32; 4]; 4] {
    // cos(π/8) and cos(3π/8)
    const C1: f32 = 0.923_879_5;
    const C3: f32 = 0.382_683_43;
    let mut out = [[0.0; 4]; 4];
    for x in 0..4 {
        let (sum, difference) = (rows[0][x] + rows[2][x], rows[0][x] - rows[2][x]);
        let outer = C1 * rows[1][x] + C3 * rows[3][x];
        let inner = C3 * rows[1][x] - C1 * rows[3][x];
        out[0][x] = sum + outer;
        out[1][x] = difference + inner;
        out[2][x] = difference - inner;
        out[3][x] = sum - outer;
    }
    out
}

/// Factors of Arai, Agui and Nakajima (Transactions of the IEICE E71, 1988), inverted.
#[inline(always)]
fn columns_of_8(rows: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
    // 2 cos(π/8), 2 (cos(π/8) − cos(3π/8)) and 2 (cos(π/8) + cos(3π/8))
    const TURN: f32 = 1.847_759_1;
    const LESS: f32 = 1.082_392_2;
    const MORE: f32 = 2.613_126;
    let mut out = [[0.0; 8]; 8];
    for x in 0..8 {
        let (sum, difference) = (rows[0][x] + rows[4][x], rows[0][x] - rows[4][x]);
        let outer = rows[2][x] + rows[6][x];
        let inner = (rows[2][x] - rows[6][x]) * SQRT_2 - outer;
        let even = [sum + outer, difference + inner, difference - inner, sum - outer];

        let (far, near) = (rows[1][x] + rows[7][x], rows[5][x] + rows[3][x]);
        let (rise, fall) = (rows[1][x] - rows[7][x], rows[5][x] - rows[3][x]);
        let turned = (rise + fall) * TURN;
        let first = far + near;
        let second = turned - fall * MORE - first;
        let third = (far - near) * SQRT_2 - second;
        let fourth = turned - rise * LESS - third;
        let odd = [first, second, third, fourth];
        for (y, (even, odd)) in even.into_iter().zip(odd).enumerate() {
            out[y][x] = even + odd;
            out[7 - y][x] = even - odd;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.81, A.3.3, for N × N blocks of the lowest coefficients of an 8 × 8 block.
    fn reference(scale: Scale, coefficients: &[[f64; 8]; 8]) -> Vec<f64> {
        let side = scale.side();
        let c = |frequency: usize| if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let angle =
            |at: usize, frequency: usize| (2 * at + 1) as f64 * frequency as f64 * PI / (2 * side) as f64;
        let mut samples = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let mut sum = 0.0;
                for (u, row) in coefficients.iter().enumerate().take(side) {
                    for (v, coefficient) in row.iter().enumerate().take(side) {
                        sum += c(u) * c(v) * coefficient * angle(y, u).cos() * angle(x, v).cos();
                    }
                }
                samples.push(128.0 + sum / 4.0);
            }
        }
        samples
    }

    /// Each sample with its expected value before clamping.
    fn transformed(scale: Scale, quantization: &[u16; 64], values: &[(usize, i16)]) -> Vec<(u8, f64)> {
        let mut coefficients = [[0.0; 8]; 8];
        let (mut dc, mut found) = (0, Found::new());
        for &(place, value) in values {
            let at = usize::from(ZIGZAG[place]);
            coefficients[at / 8][at % 8] = f64::from(value) * f64::from(quantization[place]);
            if place == 0 {
                dc = value;
            } else if scale.keep() >> place & 1 == 1 {
                found.push(place, value);
            }
        }
        let side = scale.side();
        let mut out = vec![0; side * side];
        Transform::new(scale, quantization).write(scale, dc, &found, &mut out, side);
        out.into_iter().zip(reference(scale, &coefficients)).collect()
    }

    fn check(scale: Scale, quantization: &[u16; 64], values: &[(usize, i16)], tolerance: f64) {
        for (sample, expected) in transformed(scale, quantization, values) {
            let error = (f64::from(sample) - expected.clamp(0.0, 255.0)).abs();
            assert!(error <= tolerance, "{scale:?} {values:?}: {sample} for {expected}");
        }
    }

    const ALL: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];

    #[test]
    fn each_basis_function_is_exact() {
        for scale in ALL {
            for place in 0..64 {
                for value in [-37, -1, 1, 5, 60] {
                    check(scale, &[7; 64], &[(place, value)], 0.501);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_block_is_exact(
            values in proptest::collection::btree_map(0..64_usize, -120..120_i16, 0..64),
            step in 1..20_u16,
        ) {
            let values: Vec<_> = values.into_iter().collect();
            for scale in ALL {
                check(scale, &[step; 64], &values, 0.51);
            }
        }

        #[test]
        fn the_largest_numbers_are_clamped(values in proptest::collection::vec(proptest::prelude::any::<i16>(), 64)) {
            let values: Vec<_> = values.into_iter().enumerate().collect();
            for scale in ALL {
                for (sample, expected) in transformed(scale, &[u16::MAX; 64], &values) {
                    // For sums of 10^10 and more the last digits don't matter.
                    if expected.abs() > 1e7 {
                        assert_eq!(sample, if expected > 0.0 { 255 } else { 0 });
                    }
                }
            }
        }
    }
}
