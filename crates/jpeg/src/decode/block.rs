//! The coefficients of one block from a sequential scan (T.81, F.2.2), or of its band from the first scan of a
//! progressive one (G.1.2.2), and the ways past them.

use super::Scale;
use super::bits::Bits;
use super::huffman::{END, Skipper, Step, Table};
use super::stream::Stream;

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
        self.list[..self.count.min(64)]
            .iter()
            .map(|&entry| ((entry >> 16) as usize & 63, entry as u16 as i16))
    }

    /// Whether there are none.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Takes the step at the top of `bits`, where there are [`FAST`](super::huffman::FAST) of them; returns it with what was
/// at the top.
///
/// A step of more bits leaves what a refill brings.
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

/// Takes a step of any length.
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

/// The difference of a DC coefficient. Leaves bits for two fast steps.
#[inline(always)]
pub(super) fn difference(bits: &mut Bits, stream: &mut Stream<'_>, dc: &Table) -> Result<i16, BadCode> {
    bits.refill(stream);
    let (step, top) = step(bits, stream, dc)?;
    Ok(step.value(top) as i16)
}

/// Which coefficients to collect.
#[derive(Clone, Copy)]
pub(super) struct Band {
    /// The first place.
    pub(super) first: u32,
    /// The last place.
    pub(super) last: u32,
    /// A bit for each place that counts.
    pub(super) keep: u64,
}

impl Band {
    /// All of a sequential block that a scale needs.
    pub(super) const fn of(scale: Scale) -> Self {
        Self { first: 1, last: scale.last(), keep: scale.keep() }
    }
}

/// Where a block's coefficients ended.
pub(super) struct Ended {
    /// The place behind the last one; from [`END`] if its end was told.
    pub(super) next: u32,
    /// The step that ended it.
    pub(super) step: Step,
    /// What was at the top of the bits for that step.
    pub(super) top: u64,
    /// The places that have a coefficient.
    pub(super) places: u64,
}

/// Collects the coefficients of `band`. There are bits for two fast steps.
///
/// The place it ends at may be behind the band's end, for a block that is longer.
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

/// How far a block's coefficients were collected.
struct Walk {
    next: u32,
    count: usize,
    places: u64,
}

impl Walk {
    /// Notes a step's coefficient; returns whether the band is over.
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

/// Passes over what is left of a sequential block from place `next`.
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
