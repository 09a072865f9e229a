//! A bit reader for entropy-coded data (T.81, F.2.2.5), most significant bit first.

use super::Error;
use super::segments::next_marker;
use super::stream::Stream;

/// A bit buffer filled ahead of consumption.
///
/// Small enough to stay in registers; slow paths take and return it by value.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    /// The next bits, left-aligned. Bits below the first `count` may be read again later.
    buffer: u64,
    /// Number of valid bits.
    count: u32,
    /// How many of the valid bits are zeros appended after the end of the data.
    made_up: u32,
    /// Position in the stream's buffer.
    position: usize,
}

impl Bits {
    /// Whether more bits were consumed than exist.
    #[inline(always)]
    pub(super) fn overdrawn(self) -> bool {
        self.made_up > self.count
    }

    /// The error if the bits made no sense or ran out.
    #[cold]
    pub(super) fn damage(self, stream: &Stream<'_>) -> Error {
        if self.made_up > 0 && next_marker(stream.source(), stream.position()).is_none() {
            Error::Truncated
        } else {
            Error::Corrupt("its entropy-coded data")
        }
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self, stream: &mut Stream<'_>) {
        let ready = stream.ready();
        if let Some(next) = ready.get(self.position..self.position + 8).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_be_bytes(*next);
            let bytes = (63 - self.count) >> 3;
            self.buffer |= word >> self.count;
            self.count += bytes * 8;
            self.position += bytes as usize;
        } else {
            *self = self.refill_by_bytes(stream);
        }
    }

    /// [`Bits::refill`] near the end of the buffer.
    #[cold]
    #[inline(never)]
    fn refill_by_bytes(mut self, stream: &mut Stream<'_>) -> Self {
        stream.more(self.position);
        self.position = 0;
        while self.count <= 55 {
            let Some(&byte) = stream.ready().get(self.position) else {
                let missing = (63 - self.count) & !7;
                self.count += missing;
                self.made_up = self.made_up.saturating_add(missing);
                break;
            };
            self.position += 1;
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next 64 bits; those promised by [`Bits::refill`] are valid.
    #[inline(always)]
    pub(super) fn peek(self) -> u64 {
        self.buffer
    }

    /// Consumes `bits` available bits.
    #[inline(always)]
    pub(super) fn consume(&mut self, bits: u32) {
        self.buffer <<= bits & 63;
        self.count -= bits;
    }

    /// Reads up to 32 available bits.
    #[inline(always)]
    pub(super) fn take(&mut self, bits: u32) -> u32 {
        let value = (self.buffer >> 1) >> (63 - bits);
        self.consume(bits);
        value as u32
    }
}
