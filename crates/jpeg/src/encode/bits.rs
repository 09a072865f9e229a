//! A bit writer, most significant bit first, with byte stuffing (T.81, F.1.2.3).

/// Appends bits to a file.
pub(super) struct BitWriter<'a> {
    file: &'a mut Vec<u8>,
    /// The last bits written; the lowest `waiting` of them are not in the file yet.
    bits: u64,
    waiting: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(file: &'a mut Vec<u8>) -> Self {
        Self { file, bits: 0, waiting: 0 }
    }

    /// Appends the lowest `count` of `bits`, at most 32. The bits above must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.bits = self.bits << count | u64::from(bits);
        self.waiting += count;
        if self.waiting >= 32 {
            self.waiting -= 32;
            #[expect(clippy::cast_possible_truncation, reason = "the upper bits are already written")]
            let word = (self.bits >> self.waiting) as u32;
            // If no byte is 255, adding 1 to each clears no highest bit, and nothing needs stuffing.
            if word & 0x8080_8080 & !word.wrapping_add(0x0101_0101) == 0 {
                self.file.extend_from_slice(&word.to_be_bytes());
            } else {
                self.stuff(&word.to_be_bytes());
            }
        }
    }

    /// Pads the last byte with ones and writes it.
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

    /// A reference writer, bit by bit.
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
        fn bits_are_packed_and_stuffed(
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
