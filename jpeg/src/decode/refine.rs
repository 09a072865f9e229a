//! The later scans of a progressive picture's bands (T.81, G.1.2.3 and figure G.7).
//!
//! A word with a bit for each coefficient that is not zero tells at once how many correction bits come before a new
//! coefficient, so no coefficient is looked at for being zero.

use super::bits::Bits;
use super::block::BadCode;
use super::huffman::{END, Table};
use super::progressive::Slots;
use super::segments::Scan;

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
    data: &[u8],
    table: &Table,
    scan: &Scan,
    run: &mut u32,
    block: &mut Block<'_>,
) -> Result<(), BadCode> {
    // What of the band is still to come.
    let mut ahead = (u64::MAX << scan.first) & (u64::MAX >> (63 - scan.last));
    while *run == 0 && ahead != 0 {
        bits.refill(data);
        let top = bits.peek();
        let step = table.step(top);
        if step.is_none() || step.coefficient() == 1 && step.size() != 1 {
            return Err(BadCode);
        }
        bits.consume(step.total());
        if step.advance() >= END {
            *run = (1 << step.size()) + step.raw(top);
            break;
        }
        let target = nth(ahead & !*block.places, step.advance() - 1);
        // All up to the target; all of the band if it has no such place.
        let passed = ahead & (target ^ target.wrapping_sub(1));
        correct(bits, data, scan.low, passed & *block.places, block);
        ahead &= !passed;
        if step.coefficient() == 1 {
            if target == 0 {
                return Err(BadCode);
            }
            *block.places |= target;
            if let Some(coefficients) = &mut block.coefficients
                && target & block.slots.keep != 0
            {
                let slot = block.slots.index[target.trailing_zeros() as usize];
                coefficients[usize::from(slot)] = (step.value(top) as i16) << scan.low;
            }
        }
    }
    if *run > 0 {
        correct(bits, data, scan.low, ahead & *block.places, block);
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
fn correct(bits: &mut Bits, data: &[u8], low: u8, mut places: u64, block: &mut Block<'_>) {
    let slots = block.slots;
    while places != 0 {
        bits.refill(data);
        let count = places.count_ones().min(32);
        let corrections = u64::from(bits.take(count)) << (64 - count);
        let Some(coefficients) = &mut block.coefficients else {
            for _ in 0..count {
                places &= places - 1;
            }
            continue;
        };
        for nth in 0..count {
            let place = places & places.wrapping_neg();
            places ^= place;
            if corrections << nth >> 63 == 1 && place & slots.keep != 0 {
                let value = &mut coefficients[usize::from(slots.index[place.trailing_zeros() as usize])];
                // Once only, even if a damaged file tells the same bit again.
                if *value & 1 << low == 0 {
                    *value = value.wrapping_add(if *value < 0 { -1 << low } else { 1 << low });
                }
            }
        }
    }
}
