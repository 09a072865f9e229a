//! Huffman tokens: symbols with their extra bits (T.81, F.1.2).

use super::{bits::BitWriter, huffman::Table, quantization::PLACES};

/// Which of the four tables codes a symbol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Luma = 0,
    Chroma = 1,
}

/// The symbol for sixteen zeros (ZRL).
const SIXTEEN_ZEROS: u32 = 0xf0;
/// The end-of-block symbol (EOB).
const END_OF_BLOCK: u32 = 0;

/// The tokens of a scan: symbol in the lowest 8 bits, table in the next 2 (luma DC and AC, chroma DC and AC), extra
/// bits in the highest 16.
pub(super) struct Tokens {
    list: Vec<u32>,
    counts: [[u32; 256]; 4],
    /// The nonzero coefficients of the last block in file order.
    ordered: [i16; 64],
}

impl Tokens {
    pub(super) fn with_capacity(tokens: usize) -> Self {
        Self { list: Vec::with_capacity(tokens), counts: [[0; 256]; 4], ordered: [0; 64] }
    }

    #[inline(always)]
    fn push(&mut self, table: u32, symbol: u32, extra: u32) {
        self.counts[table as usize & 3][symbol as usize & 255] += 1;
        self.list.push(symbol | table << 8 | extra << 16);
    }

    /// Number of bits of a value and its extra bits; negative values are stored minus 1 (T.81, F.1.2.1.2).
    #[inline(always)]
    fn sized(value: i32) -> (u32, u32) {
        let size = 32 - value.unsigned_abs().leading_zeros();
        (size, (value + (value >> 31)).cast_unsigned() & ((1 << size) - 1))
    }

    /// Appends a block in the quantizer's order. `nonzero` masks its nonzero coefficients.
    #[inline(always)]
    pub(super) fn block(&mut self, kind: Kind, quantized: &[i16; 64], nonzero: u64, last_dc: &mut i16) {
        let tables = 2 * kind as u32;
        let (size, extra) = Self::sized(i32::from(quantized[0]) - i32::from(*last_dc));
        *last_dc = quantized[0];
        self.push(tables, size, extra);

        let mut left = nonzero & !1;
        let mut places = 0u64;
        while left != 0 {
            let index = left.trailing_zeros() as usize & 63;
            left &= left - 1;
            let place = PLACES[index] & 63;
            self.ordered[usize::from(place)] = quantized[index];
            places |= 1 << place;
        }
        let mut last = 0;
        let ends_early = places >> 63 == 0;
        while places != 0 {
            let place = places.trailing_zeros();
            places &= places - 1;
            let mut zeros = place - last - 1;
            last = place;
            while zeros >= 16 {
                self.push(tables + 1, SIXTEEN_ZEROS, 0);
                zeros -= 16;
            }
            let (size, extra) = Self::sized(i32::from(self.ordered[place as usize & 63]));
            self.push(tables + 1, zeros << 4 | size, extra);
        }
        if ends_early {
            self.push(tables + 1, END_OF_BLOCK, 0);
        }
    }

    /// Appends a block with the previous block's mean and no detail.
    pub(super) fn flat_block(&mut self, kind: Kind) {
        self.push(2 * kind as u32, 0, 0);
        self.push(2 * kind as u32 + 1, END_OF_BLOCK, 0);
    }

    /// Builds optimal tables for these tokens, in the order of table numbers.
    pub(super) fn tables(&self) -> [Table; 4] {
        self.counts.each_ref().map(Table::optimal)
    }

    /// Writes the tokens with the codes of `tables`.
    pub(super) fn write(&self, tables: &[Table; 4], file: &mut Vec<u8>) {
        // A symbol's code shifted left for its extra bits, and the total length in the lowest 5 bits.
        let mut codes = [0u32; 1024];
        let mut bits = 0u64;
        for ((table, counts), codes) in tables.iter().zip(&self.counts).zip(codes.chunks_exact_mut(256)) {
            for (symbol, ((code, length), &count)) in (0u32..).zip(table.codes().into_iter().zip(counts)) {
                let size = symbol & 15;
                let total = u32::from(length) + size;
                codes[symbol as usize] = u32::from(code) << size << 5 | total;
                bits += u64::from(count) * u64::from(total);
            }
        }
        // Stuffing adds about one byte per hundred.
        file.reserve(usize::try_from(bits / 8 * 101 / 100).unwrap_or(0) + 64);
        let mut writer = BitWriter::new(file);
        for &token in &self.list {
            let code = codes[token as usize & 1023];
            writer.put(code >> 5 | token >> 16, code & 31);
        }
        writer.finish();
    }
}
