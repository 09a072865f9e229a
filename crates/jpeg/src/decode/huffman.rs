//! Huffman tables (T.81, annex C and F.2.2.3) as lookup tables.

use super::Error;

/// Index bits of a lookup table.
pub(super) const LOOKUP_BITS: u32 = 10;
/// Index bits of the lookup table for skipping.
pub(super) const SKIP_BITS: u32 = 11;

/// Maximum bits of a step in the lookup table. A refill provides three such steps.
pub(super) const FAST: u32 = 18;

/// [`Step::advance`] is at least this if the symbol ends its block or band.
pub(super) const END: u32 = 128;

/// A table as stored in its segment.
#[derive(Clone)]
pub(super) struct Definition {
    /// Number of codes of 1 to 16 bits.
    counts: [u8; 16],
    /// Symbols in code order.
    symbols: [u8; 256],
}

/// A symbol and its extra bits, packed into one word. Zero means "no step".
///
/// Bits 0 to 5: length of code and value; 8 to 12: length of the code; 16 to 19: length of the value; 23: whether
/// there is a coefficient; 24 to 31: advance of the zigzag index.
#[derive(Clone, Copy, Default)]
pub(super) struct Step(u32);

impl Step {
    const fn new(code: u32, value: u32, advance: u32, coefficient: bool) -> Self {
        Self((code + value) | code << 8 | value << 16 | (coefficient as u32) << 23 | advance << 24)
    }

    /// Whether the code is unknown or longer than the index.
    #[inline(always)]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Length of code and value in bits.
    #[inline(always)]
    pub(super) fn total(self) -> u32 {
        self.0 & 63
    }

    /// Length of the code in bits.
    #[inline(always)]
    pub(super) fn code(self) -> u32 {
        self.0 >> 8 & 31
    }

    /// Length of the value in bits.
    #[inline(always)]
    pub(super) fn size(self) -> u32 {
        self.0 >> 16 & 15
    }

    /// 1 if there is a coefficient, otherwise 0.
    #[inline(always)]
    pub(super) fn coefficient(self) -> u32 {
        self.0 >> 23 & 1
    }

    /// Advance of the zigzag index; at least [`END`] at the end of a block.
    #[inline(always)]
    pub(super) fn advance(self) -> u32 {
        self.0 >> 24
    }

    /// The sign-extended value after the code at the top of `bits` (T.81, figure F.12).
    #[inline(always)]
    pub(super) fn value(self, bits: u64) -> i32 {
        let value = bits << self.code();
        let size = self.size();
        let raw = ((value >> 1) >> (63 - size)) as i32;
        let negative = !((value as i64 >> 63) as i32);
        raw + (negative & (1 - (1 << size)))
    }

    /// The unsigned value after the code.
    #[inline(always)]
    pub(super) fn raw(self, bits: u64) -> u32 {
        (((bits << self.code()) >> 1) >> (63 - self.size())) as u32
    }
}

/// The meaning of a table's symbols.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Sizes of DC differences.
    Dc,
    /// Runs and sizes of a sequential scan.
    Ac,
    /// Runs and sizes, or end-of-band runs, of a progressive scan.
    Band,
}

impl Meaning {
    /// The step for a symbol whose code has `code` bits. None if 8-bit samples can't have it.
    fn step(self, code: u32, symbol: u8) -> Step {
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        match (self, run, size) {
            (Self::Dc, 0, 0..=11) => Step::new(code, size, 1, true),
            (Self::Dc, ..) | (Self::Ac | Self::Band, _, 11..) => Step::default(),
            (_, 15, 0) => Step::new(code, 0, 16, false),
            (Self::Ac, _, 0) => Step::new(code, 0, END, false),
            (Self::Band, run, 0) => Step::new(code, run, END, false),
            (Self::Ac | Self::Band, run, size) => Step::new(code, size, run + 1, true),
        }
    }
}

/// A table ready for decoding.
pub(super) struct Table {
    lookup: Box<[Step; 1 << LOOKUP_BITS]>,
    /// For each length, the first longer code, left-aligned in 16 bits.
    limits: [u32; 17],
    /// For each length, the symbol index minus the code.
    offsets: [i32; 17],
    symbols: [u8; 256],
    meaning: Meaning,
}

impl Definition {
    /// Reads one table of a DHT segment. Returns it and the remaining bytes.
    pub(super) fn parse(data: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = data.split_first_chunk::<16>()?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let mut symbols = [0; 256];
        symbols.get_mut(..total)?.copy_from_slice(rest.get(..total)?);
        Some((Self { counts: *counts, symbols }, &rest[total..]))
    }

    /// Builds the lookup table.
    pub(super) fn table(&self, meaning: Meaning) -> Result<Table, Error> {
        let mut lookup = Box::new([Step::default(); 1 << LOOKUP_BITS]);
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let count = usize::from(self.counts[length as usize - 1]);
            offsets[length as usize] = index as i32 - code as i32;
            if code as usize + count > 1 << length {
                return Err(Error::Corrupt("a Huffman table has more codes than fit"));
            }
            if length <= LOOKUP_BITS {
                let width = 1 << (LOOKUP_BITS - length);
                for (nth, &symbol) in self.symbols[index..index + count].iter().enumerate() {
                    let from = (code as usize + nth) * width;
                    let step = meaning.step(length, symbol);
                    if step.total() <= FAST {
                        lookup[from..from + width].fill(step);
                    }
                }
            }
            code += count as u32;
            index += count;
            limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(Table { lookup, limits, offsets, symbols: self.symbols, meaning })
    }
}

impl Table {
    /// The step of at most [`FAST`] bits at the top of `bits`, or no step.
    #[inline(always)]
    pub(super) fn fast(&self, bits: u64) -> Step {
        self.lookup[(bits >> (64 - LOOKUP_BITS)) as usize]
    }

    /// The step at the top of `bits`, or no step if the code is unknown.
    #[cold]
    #[inline(never)]
    pub(super) fn step(&self, bits: u64) -> Step {
        let next = (bits >> 48) as u32;
        let found = (1..=16_u32).find(|&length| next < self.limits[length as usize]);
        let Some(length) = found else { return Step::default() };
        let code = (next >> (16 - length)) as i32;
        let index = code + self.offsets[length as usize];
        let symbol = usize::try_from(index).ok().and_then(|index| self.symbols.get(index));
        symbol.map_or_else(Step::default, |&symbol| self.meaning.step(length, symbol))
    }

    /// Builds the lookup table for skipping.
    pub(super) fn skipper(&self) -> Skipper {
        let mut lookup = Box::new([0; 1 << SKIP_BITS]);
        for (index, entry) in lookup.iter_mut().enumerate() {
            *entry = self.leap((index as u64) << (64 - SKIP_BITS));
        }
        Skipper { lookup }
    }

    /// Combines as many steps as the first [`SKIP_BITS`] of `bits` determine.
    fn leap(&self, bits: u64) -> u16 {
        let (mut length, mut advance) = (0, 0);
        while length < SKIP_BITS {
            let step = self.lookup[(bits << length >> (64 - LOOKUP_BITS)) as usize];
            let known = !step.is_none() && length + step.code() <= SKIP_BITS;
            if !known || advance + step.advance() % END > 63 {
                break;
            }
            length += step.total();
            advance += step.advance();
            if advance >= END {
                break;
            }
        }
        (length | advance << 8) as u16
    }
}

/// Skips several coefficients at a time.
pub(super) struct Skipper {
    /// Length of codes and values in the low byte (0: use the table), advance in the high byte.
    lookup: Box<[u16; 1 << SKIP_BITS]>,
}

impl Skipper {
    /// Length and advance of the known steps at the top of `bits`.
    #[inline(always)]
    pub(super) fn leap(&self, bits: u64) -> (u32, u32) {
        let entry = u32::from(self.lookup[(bits >> (64 - SKIP_BITS)) as usize]);
        (entry & 0xFF, entry >> 8)
    }
}
