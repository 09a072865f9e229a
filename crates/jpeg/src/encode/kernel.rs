//! Runtime dispatch to SIMD instructions, and the few steps that the compiler doesn't vectorize by itself.

use super::dct::Rows;

/// The steps for one instruction set.
pub(super) trait Kernel: Copy {
    /// Swaps rows and columns.
    fn transpose(self, rows: Rows) -> Rows;

    /// Mask of the nonzero values, first value in the lowest bit.
    fn nonzero(self, values: &[i16; 64]) -> u64;
}

/// Code compiled for each kernel. `run` and everything called in its loops must be `inline(always)`.
pub(super) trait Task {
    type Output;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// Runs the task with the best kernel for this processor.
pub(super) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return v3.vectorize(x86::Vectorized { v3, task });
    }
    task.run(Portable)
}

/// The portable kernel.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Kernel for Portable {
    #[inline(always)]
    fn transpose(self, rows: Rows) -> Rows {
        std::array::from_fn(|y| std::array::from_fn(|x| rows[x][y]))
    }

    #[inline(always)]
    fn nonzero(self, values: &[i16; 64]) -> u64 {
        values.iter().rev().fold(0, |mask, &value| mask << 1 | u64::from(value != 0))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernel, Rows, Task};
    use pulp::{NullaryFnOnce, cast, x86::V3};
    use std::arch::x86_64::{__m256, __m256i};

    pub(super) struct Vectorized<T> {
        pub(super) v3: V3,
        pub(super) task: T,
    }

    impl<T: Task> NullaryFnOnce for Vectorized<T> {
        type Output = T::Output;

        #[inline(always)]
        fn call(self) -> T::Output {
            self.task.run(self.v3)
        }
    }

    impl Kernel for V3 {
        #[inline(always)]
        fn transpose(self, rows: Rows) -> Rows {
            let avx = self.avx;
            let row: [__m256; 8] = rows.map(cast);
            let pairs = |a, b| (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b));
            let (a0, a1) = pairs(row[0], row[1]);
            let (b0, b1) = pairs(row[2], row[3]);
            let (c0, c1) = pairs(row[4], row[5]);
            let (d0, d1) = pairs(row[6], row[7]);
            let quads = |a, b| (avx._mm256_shuffle_ps::<0x44>(a, b), avx._mm256_shuffle_ps::<0xee>(a, b));
            let (e0, e1) = quads(a0, b0);
            let (e2, e3) = quads(a1, b1);
            let (f0, f1) = quads(c0, d0);
            let (f2, f3) = quads(c1, d1);
            let low = |a, b| avx._mm256_permute2f128_ps::<0x20>(a, b);
            let high = |a, b| avx._mm256_permute2f128_ps::<0x31>(a, b);
            [
                low(e0, f0),
                low(e1, f1),
                low(e2, f2),
                low(e3, f3),
                high(e0, f0),
                high(e1, f1),
                high(e2, f2),
                high(e3, f3),
            ]
            .map(cast)
        }

        #[inline(always)]
        fn nonzero(self, values: &[i16; 64]) -> u64 {
            let (avx, avx2) = (self.avx, self.avx2);
            let zero = avx._mm256_setzero_si256();
            let mask = |first: usize| {
                let is_zero = |first: usize| {
                    let values: [i16; 16] = std::array::from_fn(|i| values[first + i]);
                    avx2._mm256_cmpeq_epi16(cast::<_, __m256i>(values), zero)
                };
                // Packing works within each half of a register, so the middle quarters are swapped.
                let packed = avx2._mm256_packs_epi16(is_zero(first), is_zero(first + 16));
                let packed = avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
                u64::from(!avx2._mm256_movemask_epi8(packed).cast_unsigned())
            };
            mask(0) | mask(32) << 32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Both(Rows, [i16; 64]);

    impl Task for Both {
        type Output = (Rows, u64);

        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> (Rows, u64) {
            (kernel.transpose(self.0), kernel.nonzero(&self.1))
        }
    }

    proptest! {
        #[test]
        fn every_kernel_does_the_same(values in proptest::collection::vec(-2i16..=2, 64)) {
            let values: [i16; 64] = values.try_into().unwrap_or([0; 64]);
            let rows: Rows = std::array::from_fn(|y| std::array::from_fn(|x| f32::from(values[8 * y + x])));
            let (transposed, mask) = dispatch(Both(rows, values));
            prop_assert_eq!(transposed, Portable.transpose(rows));
            prop_assert_eq!(transposed[3][5].to_bits(), rows[5][3].to_bits());
            prop_assert_eq!(mask, Portable.nonzero(&values));
            prop_assert!((0..64).all(|i| (mask >> i & 1 == 1) == (values[i] != 0)));
        }
    }
}
