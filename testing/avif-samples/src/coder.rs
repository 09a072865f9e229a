//! AV1's arithmetic coder (AV1, 8.2) without CDF adaptation.

use crate::bits::Bits;

/// Probabilities are in units of 2^-15.
const WHOLE: u32 = 1 << 15;

/// A symbol of an alphabet, as a range of cumulative probability.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    /// Probability of all symbols before it.
    before: u32,
    /// Probability of all symbols up to and including it.
    up_to: u32,
    /// Its index in the alphabet.
    number: u32,
    symbols: u32,
}

impl Symbol {
    /// The first of `count` symbols, with this probability.
    pub(crate) const fn first(frequency: u32, symbols: u32) -> Self {
        Self { before: 0, up_to: frequency, number: 0, symbols }
    }

    /// The second of two symbols, where the first has this probability.
    pub(crate) const fn second(frequency: u32) -> Self {
        Self { before: frequency, up_to: WHOLE, number: 1, symbols: 2 }
    }
}

/// Narrows a range symbol by symbol to a number that identifies all of them.
pub(crate) struct Coder {
    /// High bits of the lower bound. A carry can still reach them.
    done: Vec<bool>,
    /// The next 16 bits of the lower bound.
    low: u32,
    range: u32,
}

impl Default for Coder {
    fn default() -> Self {
        Self { done: Vec::new(), low: 0, range: WHOLE }
    }
}

impl Coder {
    pub(crate) fn put(&mut self, symbol: Symbol) {
        // The range of all symbols from a cumulative probability on.
        let rest =
            |frequency: u32, later: u32| (((self.range >> 8) * ((WHOLE - frequency) >> 6)) >> 1) + 4 * later;
        let later = symbol.symbols - symbol.number;
        let from = if symbol.number == 0 { self.range } else { rest(symbol.before, later) };
        let to = if symbol.number + 1 == symbol.symbols { 0 } else { rest(symbol.up_to, later - 1) };
        self.low += self.range - from;
        self.range = from - to;
        if self.low > 0xFFFF {
            self.low &= 0xFFFF;
            self.carry();
        }
        while self.range < WHOLE {
            self.done.push(self.low & WHOLE != 0);
            self.low = self.low << 1 & 0xFFFF;
            self.range <<= 1;
        }
    }

    /// Codes the lowest `count` bits of a value, each equally likely.
    pub(crate) fn literal(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            let symbol =
                if value >> bit & 1 == 1 { Symbol::second(WHOLE / 2) } else { Symbol::first(WHOLE / 2, 2) };
            self.put(symbol);
        }
    }

    fn carry(&mut self) {
        for bit in self.done.iter_mut().rev() {
            *bit = !*bit;
            if *bit {
                break;
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bits = Bits::default();
        let last = (0..16).rev().map(|bit| self.low >> bit & 1 == 1);
        // The range starts with 15 bits in a window of 16; the first bit isn't part of the number.
        for bit in self.done.into_iter().chain(last).skip(1) {
            bits.put(u32::from(bit), 1);
        }
        bits.trail();
        bits.finish()
    }
}
