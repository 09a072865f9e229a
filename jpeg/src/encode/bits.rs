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
        let left = ((self.bits << 1 << (63 - self.waiting)) as u64).to_be_bytes();
        let bytes = self.waiting as usize / 8;
        self.stuff(&left[..bytes]);
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
