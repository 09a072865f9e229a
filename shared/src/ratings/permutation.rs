//! A keyed permutation of `0..len`: the order in which one rater sees all photos, computed and not stored.
//!
//! A balanced Feistel network over the next power of four, walked until it lands within `len` (cycle walking; J. Black
//! and P. Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). The power of four is less than four times
//! `len`, so a step takes fewer than four walks on average. The round function is a multiply-xorshift hash: raters need
//! different orders, not secret ones.

use crate::accounts::RaterKey;

const ROUNDS: u64 = 6;

/// The order of `len` items for one rater.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    key: u64,
    len: u64,
    half_bits: u32,
}

impl Permutation {
    /// Creates the permutation of `0..len` for a key. Another `salt` gives the same rater another order.
    #[must_use]
    pub fn new(key: RaterKey, salt: u64, len: u64) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self { key: mix(key.0.cast_unsigned() ^ mix(salt)), len, half_bits: bits.div_ceil(2) }
    }

    /// Maps `index`.
    ///
    /// # Panics
    /// If `index` is not below `len`.
    #[must_use]
    pub fn at(self, index: u64) -> u64 {
        assert!(index < self.len, "index {index} is outside of a permutation of {}", self.len);
        let mut value = index;
        loop {
            value = self.encrypt(value);
            if value < self.len {
                return value;
            }
        }
    }

    fn encrypt(self, value: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mix(self.key.wrapping_add(round) ^ mix(right)) & mask));
        }
        (left << self.half_bits) | right
    }
}

/// The finaliser of splitmix64 (G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014).
const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_index_is_reached_once(key: i64, salt: u64, len in 1_u64..3000) {
            let permutation = Permutation::new(RaterKey(key), salt, len);
            let mut seen: Vec<u64> = (0..len).map(|index| permutation.at(index)).collect();
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq(0..len));
        }
    }

    #[test]
    fn each_place_is_first_about_equally_often() {
        let mut counts = [0_u32; 10];
        for key in 0..10_000 {
            counts[usize::try_from(Permutation::new(RaterKey(key), 0, 10).at(0)).expect("small")] += 1;
        }
        // Expected 1000 each; five standard deviations are 150.
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn large_spans_take_few_walks() {
        let permutation = Permutation::new(RaterKey(1), 0, (1 << 40) + 1);
        assert!((0..1000).all(|index| permutation.at(index) <= 1 << 40));
    }
}
