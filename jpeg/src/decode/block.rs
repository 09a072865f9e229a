//! The coefficients of one block from a sequential scan (T.81, F.2.2), or of its band from the first scan of a
//! progressive one (G.1.2.2), and the ways past them.

use super::bits::Bits;
use super::huffman::{END, Skipper, Step, Table};

/// What stands for a code that no table has.
pub(super) struct BadCode;

/// The coefficients that were found in a block, in the order of the file.
pub(super) struct Found {
    /// The place in zigzag order in the upper half, the value in the lower.
    list: [u32; 64],
    count: usize,
}

impl Found {
    pub(super) fn new() -> Self {
        Self { list: [0; 64], count: 0 }
    }

    /// Forgets them.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds one.
    #[inline(always)]
    pub(super) fn push(&mut self, place: usize, value: i16) {
        self.list[self.count & 63] = (place as u32) << 16 | u32::from(value as u16);
        self.count += 1;
    }

    /// Place and value of each.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, i16)> {
        self.list[..self.count.min(64)].iter().map(|&entry| ((entry >> 16) as usize & 63, entry as u16 as i16))
    }

    /// Whether there are none.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The difference of a DC coefficient. Leaves bits for one more step.
#[inline(always)]
pub(super) fn difference(bits: &mut Bits, data: &[u8], dc: &Table) -> Result<i16, BadCode> {
    bits.refill(data);
    let step = dc.step(bits.peek());
    if step.is_none() {
        return Err(BadCode);
    }
    let value = step.value(bits.peek());
    bits.consume(step.total());
    Ok(value as i16)
}

/// Where a block's coefficients ended.
pub(super) struct Ended {
    /// The place behind the last one; from [`END`] if its end was told.
    pub(super) next: u32,
    /// The step that ended it.
    pub(super) step: Step,
    /// What was at the top of the bits for that step.
    pub(super) bits: u64,
    /// The places that have a coefficient.
    pub(super) places: u64,
}

/// Collects the coefficients from place `next` to `last` of which `keep` has the bit set. There are bits for one step.
///
/// What ends behind `last` may have brought coefficients of a block that is longer than `last`.
#[inline(always)]
pub(super) fn collect(
    bits: &mut Bits,
    data: &[u8],
    table: &Table,
    (mut next, last): (u32, u32),
    keep: u64,
    found: &mut Found,
) -> Result<Ended, BadCode> {
    let mut count = 0;
    let mut places = 0;
    loop {
        let top = bits.peek();
        let step = table.step(top);
        if step.is_none() {
            return Err(BadCode);
        }
        bits.consume(step.total());
        next += step.advance();
        let place = next.wrapping_sub(1) & 63;
        found.list[count & 63] = place << 16 | step.value(top) as u32 & 0xFFFF;
        count += step.coefficient() as usize & (keep >> place) as usize & 1;
        places |= u64::from(step.coefficient()) << place;
        if next > last {
            found.count = count;
            return Ok(Ended { next, step, bits: top, places });
        }
        // Two steps fit into what one refill brings, but the loop is shorter so, and this is off its critical path.
        bits.refill(data);
    }
}

/// Passes over what is left of a sequential block from place `next`.
#[inline(always)]
pub(super) fn skip(
    bits: &mut Bits,
    data: &[u8],
    ac: &Table,
    skipper: &Skipper,
    mut next: u32,
) -> Result<(), BadCode> {
    loop {
        bits.refill(data);
        let (length, advance) = skipper.leap(bits.peek());
        if length == 0 || next + advance % END > 63 {
            let step = ac.step(bits.peek());
            if step.is_none() {
                return Err(BadCode);
            }
            bits.consume(step.total());
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
