//! The later scans of a progressive picture's bands (T.81, G.1.2.3 and figure G.7).
//!
//! A word with a bit for each coefficient that is not zero tells at once how many correction bits come before a new
//! coefficient, so no coefficient is looked at for being zero.

use super::bits::Bits;
use super::block::{self, BadCode};
use super::huffman::{END, Table};
use super::progressive::Slots;
use super::segments::Scan;
use super::stream::Stream;

/// What is known of a block.
pub(super) struct Block<'a> {
    /// A bit for each coefficient that is not zero.
    pub(super) places: &'a mut u64,
    /// Those that are kept, if the block is.
    pub(super) coefficients: Option<&'a mut [i16]>,
    pub(super) slots: &'a Slots,
}

/// Reads a block's part of the scan; `run` is how many blocks, from this one on, have no new coefficients left.
#[inline(always)]
pub(super) fn block(
    bits: &mut Bits,
    stream: &mut Stream<'_>,
    table: &Table,
    scan: &Scan,
    run: &mut u32,
    known: &mut Block<'_>,
) -> Result<(), BadCode> {
    // What of the band is still to come.
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
        // All up to the target; all of the band if it has no such place.
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

/// The `n`-th lowest bit of `word`, from 0; none if it has fewer.
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
        // No more than can be taken at once.
        let now = if places.count_ones() > 32 { places & 0xFFFF_FFFF } else { places };
        let count = now.count_ones();
        let mut corrections = u64::from(bits.take(count)) << (64 - count);
        places ^= now;
        let Some(coefficients) = &mut block.coefficients else { continue };
        let mut left = now;
        // The bits are as good as random, so nothing branches on them.
        while left & slots.keep != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let value = &mut coefficients[usize::from(slots.index[place as usize])];
            // Once only, even if a damaged file tells the same bit again.
            let live = (corrections >> 63) & (slots.keep >> place) & !(i64::from(*value >> low) as u64) & 1;
            let (step, sign) = ((live as i16) << low, *value >> 15);
            *value = value.wrapping_add((step ^ sign) - sign);
            corrections <<= 1;
        }
    }
}
