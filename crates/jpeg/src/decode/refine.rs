//! Refinement scans of a progressive picture (T.81, G.1.2.3 and figure G.7).
//!
//! A mask of the nonzero coefficients gives the number of correction bits before a new coefficient, so zero
//! coefficients are never visited.

use super::bits::Bits;
use super::block::{self, BadCode};
use super::huffman::{END, Table};
use super::progressive::Slots;
use super::segments::Scan;
use super::stream::Stream;

/// The state of a block.
pub(super) struct Block<'a> {
    /// Mask of the nonzero coefficients.
    pub(super) places: &'a mut u64,
    /// The kept coefficients, if the block is in the window.
    pub(super) coefficients: Option<&'a mut [i16]>,
    pub(super) slots: &'a Slots,
}

/// Decodes a block's part of the scan. `run` counts the blocks, from this one on, without new coefficients.
#[inline(always)]
pub(super) fn block(
    bits: &mut Bits,
    stream: &mut Stream<'_>,
    table: &Table,
    scan: &Scan,
    run: &mut u32,
    known: &mut Block<'_>,
) -> Result<(), BadCode> {
    // Mask of the remaining indices of the band.
    let mut ahead = (u64::MAX << scan.first) & (u64::MAX >> (63 - scan.last));
    while *run == 0 && ahead != 0 {
        bits.refill(stream);
        let (step, top) = block::step(bits, stream, table)?;
        if step.coefficient() == 1 && step.size() != 1 {
            return Err(BadCode);
        }
        if step.advance() >= END {
            *run = (1 << step.size()) + step.raw(top);
            break;
        }
        let target = nth(ahead & !*known.places, step.advance() - 1);
        // All indices up to the target, or the rest of the band if there is no target.
        let passed = ahead & (target ^ target.wrapping_sub(1));
        correct(bits, stream, scan.low, passed & *known.places, known);
        ahead &= !passed;
        if step.coefficient() == 1 {
            if target == 0 {
                return Err(BadCode);
            }
            *known.places |= target;
            if let Some(coefficients) = &mut known.coefficients
                && target & known.slots.keep != 0
            {
                let slot = known.slots.index[target.trailing_zeros() as usize];
                coefficients[usize::from(slot)] = (step.value(top) as i16) << scan.low;
            }
        }
    }
    if *run > 0 {
        correct(bits, stream, scan.low, ahead & *known.places, known);
        *run -= 1;
    }
    Ok(())
}

/// Masks the `n`-th set bit of `word`, counted from 0. Returns 0 if there are fewer.
#[inline(always)]
fn nth(mut word: u64, n: u32) -> u64 {
    for _ in 0..n {
        word &= word.wrapping_sub(1);
    }
    word & word.wrapping_neg()
}

/// Reads a correction bit for each of `places`.
#[inline(always)]
fn correct(bits: &mut Bits, stream: &mut Stream<'_>, low: u8, mut places: u64, block: &mut Block<'_>) {
    let slots = block.slots;
    while places != 0 {
        bits.refill(stream);
        // At most as many as one read provides.
        let now = if places.count_ones() > 32 { places & 0xFFFF_FFFF } else { places };
        let count = now.count_ones();
        let mut corrections = u64::from(bits.take(count)) << (64 - count);
        places ^= now;
        let Some(coefficients) = &mut block.coefficients else { continue };
        let mut left = now;
        // The bits are close to random, so the loop is branch-free.
        while left & slots.keep != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let value = &mut coefficients[usize::from(slots.index[place as usize])];
            // Only once, even if a damaged file repeats a bit.
            let live = (corrections >> 63) & (slots.keep >> place) & !(i64::from(*value >> low) as u64) & 1;
            let (step, sign) = ((live as i16) << low, *value >> 15);
            *value = value.wrapping_add((step ^ sign) - sign);
            corrections <<= 1;
        }
    }
}
