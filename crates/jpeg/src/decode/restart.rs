//! Restart markers (T.81, E.2.4).

use super::Error;
use super::bits::Bits;
use super::segments::next_marker;
use super::stream::Stream;

/// Counts MCUs between restart markers.
pub(super) struct Restarts {
    interval: u32,
    left: u32,
    /// The number of the next marker.
    number: u8,
}

impl Restarts {
    /// Expects a marker every `interval` MCUs, or none if that is 0.
    pub(super) fn new(interval: u32) -> Self {
        Self { interval, left: if interval == 0 { u32::MAX } else { interval }, number: 0 }
    }

    /// Counts an MCU. Returns whether a marker precedes it.
    #[inline(always)]
    pub(super) fn due(&mut self) -> bool {
        if self.left > 0 {
            // Without an interval the counter never reaches 0: no picture has that many MCUs.
            self.left -= 1;
            return false;
        }
        self.left = self.interval - 1;
        true
    }

    /// Consumes the marker. Returns the bits after it.
    #[cold]
    #[inline(never)]
    pub(super) fn pass(&mut self, bits: Bits, stream: &mut Stream<'_>) -> Result<Bits, Error> {
        if bits.overdrawn() {
            return Err(bits.damage(stream));
        }
        let (marker, position) = next_marker(stream.source(), stream.position()).ok_or(Error::Truncated)?;
        if marker != 0xD0 + self.number {
            return Err(Error::Corrupt("a restart marker is missing"));
        }
        self.number = (self.number + 1) % 8;
        stream.jump(position);
        Ok(Bits::default())
    }
}
