//! A bit writer, most significant bit first.

/// Collects bits into bytes.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// Appends the lowest `count` bits of a value.
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if value >> bit & 1 == 1 {
                let last = self.bytes.len() - 1;
                self.bytes[last] |= 0x80 >> (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// Pads with zeros to a whole byte.
    pub(crate) fn align(&mut self) {
        self.used = self.used.next_multiple_of(8);
    }

    /// Appends a one, then zeros to a whole byte (AV1, 5.3.4).
    pub(crate) fn trail(&mut self) {
        self.put(1, 1);
        self.align();
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
