//! The bits of entropy-coded data (T.81, F.2.2.5), most significant first.

use super::Error;
use super::segments::next_marker;

/// Bits that are read ahead of what is consumed.
///
/// Its parts are small enough to stay in registers: the rare cases take and return it by value.
#[derive(Clone, Copy)]
pub(super) struct Bits {
    /// The next bits, from the top. Below the first `count` of them may lie bits that are read again later.
    buffer: u64,
    /// How many of them count.
    count: u32,
    /// How many of those are zeros made up behind the end of the data.
    made_up: u32,
    /// Where to read on: never behind the next marker.
    position: usize,
}

impl Bits {
    /// Reads from `position`, the first byte behind a scan's header or a restart marker.
    pub(super) fn new(position: usize) -> Self {
        Self { buffer: 0, count: 0, made_up: 0, position }
    }

    /// Where to look for the next marker.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Whether more bits were consumed than there are.
    #[inline(always)]
    pub(super) fn overdrawn(&self) -> bool {
        self.made_up > self.count
    }

    /// What is wrong if the bits made no sense, or there were too few.
    #[cold]
    pub(super) fn damage(&self, data: &[u8]) -> Error {
        if self.made_up > 0 && next_marker(data, self.position).is_none() {
            Error::Truncated
        } else {
            Error::Corrupt("its entropy-coded data")
        }
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self, data: &[u8]) {
        if let Some(next) = data.get(self.position..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*next);
            if !contains_ff(word) {
                let bytes = (63 - self.count) >> 3;
                self.buffer |= word >> self.count;
                self.count += bytes * 8;
                self.position += bytes as usize;
                return;
            }
        }
        *self = self.refill_by_bytes(data);
    }

    /// [`Bits::refill`] near an 0xFF or the end.
    #[cold]
    #[inline(never)]
    fn refill_by_bytes(mut self, data: &[u8]) -> Self {
        while self.count <= 55 {
            let byte = match data.get(self.position..) {
                Some([0xFF, 0x00, ..]) => {
                    self.position += 2;
                    0xFF
                }
                // Fill bytes; T.81 allows them before markers only, but other decoders skip them anywhere.
                Some([0xFF, 0xFF, ..]) => {
                    self.position += 1;
                    continue;
                }
                Some([0xFF, ..] | []) | None => {
                    let missing = (63 - self.count) & !7;
                    self.count += missing;
                    self.made_up = self.made_up.saturating_add(missing);
                    break;
                }
                Some([byte, ..]) => {
                    self.position += 1;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next 64 bits, of which those that [`Bits::refill`] promised are right.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.buffer
    }

    /// Passes over `bits`, which are there.
    #[inline(always)]
    pub(super) fn consume(&mut self, bits: u32) {
        self.buffer <<= bits & 63;
        self.count -= bits;
    }

    /// Takes up to 32 bits, which are there.
    #[inline(always)]
    pub(super) fn take(&mut self, bits: u32) -> u32 {
        let value = (self.buffer >> 1) >> (63 - bits);
        self.consume(bits);
        value as u32
    }
}

/// Whether a byte of `word` is 0xFF: the lowest such one is the first that a carry runs into.
#[inline(always)]
fn contains_ff(word: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    (word & !word.wrapping_add(LOW) & HIGH) != 0
}
