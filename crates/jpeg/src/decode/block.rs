//! Decodes one block of a sequential scan (T.81, F.2.2), or its band in the first progressive scan (G.1.2.2), and
//! skips the rest.

use super::Scale;
use super::bits::Bits;
use super::huffman::{END, Skipper, Step, Table};
use super::stream::Stream;

/// The code is in no table.
pub(super) struct BadCode;

/// The coefficients of a block in file order.
pub(super) struct Found {
    /// Zigzag index in the upper half, value in the lower.
    list: [u32; 64],
    count: usize,
}

impl Found {
    pub(super) fn new() -> Self {
        Self { list: [0; 64], count: 0 }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    #[inline(always)]
    pub(super) fn push(&mut self, place: usize, value: i16) {
        self.list[self.count & 63] = (place as u32) << 16 | u32::from(value as u16);
        self.count += 1;
    }

    /// Zigzag index and value of each coefficient.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, i16)> {
        self.list[..self.count.min(64)]
            .iter()
            .map(|&entry| ((entry >> 16) as usize & 63, entry as u16 as i16))
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Consumes the step at the top of `bits`, which must hold [`FAST`](super::huffman::FAST) bits. Returns the step
/// and the top before it.
///
/// A longer step refills first and leaves what a refill guarantees.
#[inline(always)]
pub(super) fn step(bits: &mut Bits, stream: &mut Stream<'_>, table: &Table) -> Result<(Step, u64), BadCode> {
    let top = bits.peek();
    let step = table.fast(top);
    if step.is_none() {
        return long_step(bits, stream, table);
    }
    bits.consume(step.total());
    Ok((step, top))
}

/// Consumes a step of any length.
#[inline(always)]
fn long_step(bits: &mut Bits, stream: &mut Stream<'_>, table: &Table) -> Result<(Step, u64), BadCode> {
    bits.refill(stream);
    let top = bits.peek();
    let step = table.step(top);
    if step.is_none() {
        return Err(BadCode);
    }
    bits.consume(step.total());
    bits.refill(stream);
    Ok((step, top))
}

/// Reads the difference of a DC coefficient. Leaves bits for two fast steps.
#[inline(always)]
pub(super) fn difference(bits: &mut Bits, stream: &mut Stream<'_>, dc: &Table) -> Result<i16, BadCode> {
    bits.refill(stream);
    let (step, top) = step(bits, stream, dc)?;
    Ok(step.value(top) as i16)
}

/// The coefficients to collect.
#[derive(Clone, Copy)]
pub(super) struct Band {
    /// First zigzag index.
    pub(super) first: u32,
    /// Last zigzag index.
    pub(super) last: u32,
    /// Mask of the indices to keep.
    pub(super) keep: u64,
}

impl Band {
    /// The AC coefficients of a sequential block that `scale` needs.
    pub(super) const fn of(scale: Scale) -> Self {
        Self { first: 1, last: scale.last(), keep: scale.keep() }
    }
}

/// Where a block ended.
pub(super) struct Ended {
    /// The index after the last coefficient; at least [`END`] if the block was ended explicitly.
    pub(super) next: u32,
    /// The last step.
    pub(super) step: Step,
    /// The top of the bit buffer at that step.
    pub(super) top: u64,
    /// Mask of the nonzero coefficients.
    pub(super) places: u64,
}

/// Collects the coefficients of `band`. The bit buffer must hold two fast steps.
///
/// The end index can exceed the band's if the block is longer.
#[inline(always)]
pub(super) fn collect(
    bits: &mut Bits,
    stream: &mut Stream<'_>,
    table: &Table,
    band: Band,
    found: &mut Found,
) -> Result<Ended, BadCode> {
    let mut walk = Walk { next: band.first, count: 0, places: 0 };
    let (step, top) = 'ended: {
        for _ in 0..2 {
            let (step, top) = step(bits, stream, table)?;
            if walk.pass(step, top, band, found) {
                break 'ended (step, top);
            }
        }
        loop {
            bits.refill(stream);
            for _ in 0..3 {
                let (step, top) = step(bits, stream, table)?;
                if walk.pass(step, top, band, found) {
                    break 'ended (step, top);
                }
            }
        }
    };
    found.count = walk.count;
    Ok(Ended { next: walk.next, step, top, places: walk.places })
}

/// Progress within a block.
struct Walk {
    next: u32,
    count: usize,
    places: u64,
}

impl Walk {
    /// Records a step's coefficient. Returns whether the band is complete.
    #[inline(always)]
    fn pass(&mut self, step: Step, top: u64, band: Band, found: &mut Found) -> bool {
        self.next += step.advance();
        let place = self.next.wrapping_sub(1) & 63;
        found.list[self.count & 63] = place << 16 | step.value(top) as u32 & 0xFFFF;
        let kept = if band.keep == u64::MAX { 1 } else { (band.keep >> place) as u32 };
        self.count += (step.coefficient() & kept) as usize;
        self.places |= u64::from(step.coefficient()) << place;
        self.next > band.last
    }
}

/// Skips the rest of a sequential block from index `next`.
#[inline(always)]
pub(super) fn skip(
    bits: &mut Bits,
    stream: &mut Stream<'_>,
    ac: &Table,
    skipper: &Skipper,
    mut next: u32,
) -> Result<(), BadCode> {
    loop {
        bits.refill(stream);
        for _ in 0..2 {
            let (length, advance) = skipper.leap(bits.peek());
            if length == 0 || next + advance % END > 63 {
                let (step, _) = step(bits, stream, ac)?;
                next += step.advance();
            } else {
                bits.consume(length);
                next += advance;
            }
            if next > 63 {
                return if next > 64 && next < END { Err(BadCode) } else { Ok(()) };
            }
        }
    }
}
