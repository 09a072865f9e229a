//! Bits into bytes, the first bit highest, with a zero after each byte of ones (T.81, F.1.2.3).

/// Appends bits to a file.
pub(super) struct BitWriter<'a> {
    file: &'a mut Vec<u8>,
    /// The last bits that were put; of these the lowest `waiting` are not yet in the file.
    bits: u64,
    waiting: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(file: &'a mut Vec<u8>) -> Self {
        Self { file, bits: 0, waiting: 0 }
    }

    /// Appends the lowest `count` of `bits`, at most 32; those above have to be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.bits = self.bits << count | u64::from(bits);
        self.waiting += count;
        if self.waiting >= 32 {
            self.waiting -= 32;
            #[expect(clippy::cast_possible_truncation, reason = "what is above was written before")]
            let word = (self.bits >> self.waiting) as u32;
            // Where no byte is 255, none of them becomes 0 with its highest bit set before.
            if word & 0x8080_8080 & !word.wrapping_add(0x0101_0101) == 0 {
                self.file.extend_from_slice(&word.to_be_bytes());
            } else {
                self.stuff(&word.to_be_bytes());
            }
        }
    }

    /// Writes what is left, filled up with ones to a byte.
    pub(super) fn finish(mut self) {
        let missing = self.waiting.wrapping_neg() % 8;
        self.put((1 << missing) - 1, missing);
        let bytes = self.waiting as usize / 8;
        let left = self.bits.to_be_bytes();
        self.stuff(&left[left.len() - bytes..]);
    }

    #[cold]
    fn stuff(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.file.push(byte);
            if byte == 0xff {
                self.file.push(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bit by bit.
    fn reference(puts: &[(u32, u32)]) -> Vec<u8> {
        let mut bits: Vec<bool> = puts
            .iter()
            .flat_map(|&(bits, count)| (0..count).rev().map(move |i| bits >> i & 1 == 1))
            .collect();
        bits.resize(bits.len().next_multiple_of(8), true);
        let bytes =
            bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit)));
        bytes.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect()
    }

    proptest! {
        #[test]
        fn bits_follow_each_other_with_a_zero_after_each_byte_of_ones(
            puts in proptest::collection::vec((prop_oneof![Just(u32::MAX), any::<u32>()], 0u32..=32), 0..80)
        ) {
            let lowest = |bits: u32, count: u32| bits & u32::MAX.checked_shr(32 - count).unwrap_or(0);
            let puts: Vec<_> = puts.into_iter().map(|(bits, count)| (lowest(bits, count), count)).collect();
            let mut file = Vec::new();
            let mut writer = BitWriter::new(&mut file);
            for &(bits, count) in &puts {
                writer.put(bits, count);
            }
            writer.finish();
            prop_assert_eq!(file, reference(&puts));
        }
    }
}
