//! The forward DCT in f32.

use super::kernel::Kernel;

/// Eight rows of a block.
pub(super) type Rows = [[f32; 8]; 8];

/// [`forward`] scales the coefficient at horizontal frequency `u` and vertical frequency `v` by `SCALE[u] *
/// SCALE[v] * 8` relative to the DCT of T.81, A.3.3. The factors are 1 and then √2 · cos(kπ/16).
pub(super) const SCALE: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_4,
    1.175_875_602_419_358_8,
    1.0,
    0.785_694_958_387_102_1,
    0.541_196_100_146_197,
    0.275_899_379_282_943_1,
];

/// Transforms a block's samples. Row `u` of the result holds the coefficients of horizontal frequency `u`.
///
/// The flow graph is that of Arai, Agui and Nakajima ("A fast DCT-SQ scheme for images", Trans. IEICE E71, 1988),
/// as drawn in figure 4-8 of Pennebaker and Mitchell's "JPEG: Still Image Data Compression Standard". Each
/// operation works on a whole row, which compiles to one vector instruction.
#[inline(always)]
pub(super) fn forward<K: Kernel>(kernel: K, rows: Rows) -> Rows {
    down_columns(kernel.transpose(down_columns(rows)))
}

#[inline(always)]
fn add(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
fn sub(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|i| a[i] - b[i])
}

#[inline(always)]
fn times(a: [f32; 8], factor: f32) -> [f32; 8] {
    std::array::from_fn(|i| a[i] * factor)
}

#[inline(always)]
fn down_columns(s: Rows) -> Rows {
    const COS_2: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const SIN_1: f32 = 0.382_683_43;
    const COS_1_MINUS_SIN_1: f32 = 0.541_196_1;
    const COS_1_PLUS_SIN_1: f32 = 1.306_563;

    let (sum07, difference07) = (add(s[0], s[7]), sub(s[0], s[7]));
    let (sum16, difference16) = (add(s[1], s[6]), sub(s[1], s[6]));
    let (sum25, difference25) = (add(s[2], s[5]), sub(s[2], s[5]));
    let (sum34, difference34) = (add(s[3], s[4]), sub(s[3], s[4]));

    let (outer, inner) = (add(sum07, sum34), add(sum16, sum25));
    let (outer_difference, inner_difference) = (sub(sum07, sum34), sub(sum16, sum25));
    let turned = times(add(inner_difference, outer_difference), COS_2);

    let low = add(difference34, difference25);
    let middle = times(add(difference25, difference16), COS_2);
    let high = add(difference16, difference07);
    let shared = times(sub(low, high), SIN_1);
    let low = add(times(low, COS_1_MINUS_SIN_1), shared);
    let high = add(times(high, COS_1_PLUS_SIN_1), shared);
    let (plus, minus) = (add(difference07, middle), sub(difference07, middle));

    [
        add(outer, inner),
        add(plus, high),
        add(outer_difference, turned),
        sub(minus, low),
        sub(outer, inner),
        add(minus, low),
        sub(outer_difference, turned),
        sub(plus, high),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::kernel::{Portable, Task, dispatch};
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::{FRAC_1_SQRT_2, PI};

    /// The definition in T.81, A.3.3.
    fn reference(samples: &Rows, u: u8, v: u8) -> f64 {
        let norm = |k| if k == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        let wave = |x: u8, k: u8| (f64::from(2 * x + 1) * f64::from(k) * PI / 16.0).cos();
        let term =
            |x: u8, y: u8| f64::from(samples[usize::from(y)][usize::from(x)]) * wave(x, u) * wave(y, v);
        (0..64).map(|i| term(i % 8, i / 8)).sum::<f64>() * norm(u) * norm(v) / 4.0
    }

    fn largest_error(samples: &Rows, transformed: &Rows) -> f64 {
        let error = |i: u8| {
            let (u, v) = (usize::from(i / 8), usize::from(i % 8));
            (f64::from(transformed[u][v]) / (SCALE[u] * SCALE[v] * 8.0) - reference(samples, i / 8, i % 8))
                .abs()
        };
        (0..64).map(error).fold(0.0, f64::max)
    }

    struct Forward(Rows);

    impl Task for Forward {
        type Output = Rows;

        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> Rows {
            forward(kernel, self.0)
        }
    }

    proptest! {
        #[test]
        fn coefficients_match_the_definition(samples in proptest::collection::vec(0u8..=255, 64)) {
            let rows: Rows = std::array::from_fn(|y| std::array::from_fn(|x| f32::from(samples[8 * y + x]) - 128.0));
            prop_assert!(largest_error(&rows, &forward(Portable, rows)) < 1e-3);
            prop_assert_eq!(dispatch(Forward(rows)), forward(Portable, rows));
        }
    }
}
