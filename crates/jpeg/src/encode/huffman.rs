//! Optimal Huffman codes of at most 16 bits.

/// Bits of the longest code that a table can hold (T.81, B.2.4.2).
pub(super) const LONGEST: usize = 16;

/// A Huffman table as stored in a DHT segment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Table {
    /// Number of codes of 1, 2, … 16 bits.
    pub counts: [u8; LONGEST],
    /// Symbols by code length, then by value.
    pub symbols: Vec<u8>,
}

impl Table {
    /// Builds the optimal code for these symbol frequencies. The all-ones code stays unused, as T.81, annex C,
    /// requires.
    pub(super) fn optimal(frequencies: &[u32; 256]) -> Self {
        let lengths = lengths(frequencies);
        let mut table = Self::default();
        for length in 1..=LONGEST {
            let before = table.symbols.len();
            table
                .symbols
                .extend((0..=u8::MAX).filter(|&symbol| usize::from(lengths[usize::from(symbol)]) == length));
            table.counts[length - 1] = u8::try_from(table.symbols.len() - before).unwrap_or(u8::MAX);
        }
        table
    }

    /// Code and length in bits of each symbol; length 0 for symbols without a code (T.81, C.2).
    pub(super) fn codes(&self) -> [(u16, u8); 256] {
        let mut codes = [(0, 0); 256];
        let mut symbols = self.symbols.iter();
        let mut code = 0u32;
        for (length, &count) in (1u8..).zip(&self.counts) {
            for &symbol in symbols.by_ref().take(usize::from(count)) {
                codes[usize::from(symbol)] = (u16::try_from(code).unwrap_or(u16::MAX), length);
                code += 1;
            }
            code <<= 1;
        }
        codes
    }
}

/// Code length of each symbol, 0 if it doesn't occur, by package-merge (Larmore and Hirschberg, "A fast algorithm
/// for optimal length-limited Huffman codes", JACM 37(3), 1990).
fn lengths(frequencies: &[u32; 256]) -> [u8; 256] {
    let mut leaves: Vec<(u64, u8)> = frequencies
        .iter()
        .zip(0..=u8::MAX)
        .filter(|&(&count, _)| count > 0)
        .map(|(&count, symbol)| (count.into(), symbol))
        .collect();
    let mut lengths = [0; 256];
    if leaves.is_empty() {
        return lengths;
    }
    leaves.sort_unstable();
    // An extra symbol that never occurs takes the last of the longest codes, the one of all ones.
    let weights: Vec<u64> = std::iter::once(0).chain(leaves.iter().map(|&(count, _)| count)).collect();
    let levels = merge(&weights);
    // The last list contributes 2n - 2 items. Each package among them takes two items of the list before.
    let mut taken = 2 * weights.len() - 2;
    for leaf in levels.iter().rev() {
        let leaves_taken = leaf[..taken].iter().filter(|&&leaf| leaf).count();
        for &(_, symbol) in leaves.iter().take(leaves_taken.saturating_sub(1)) {
            lengths[usize::from(symbol)] += 1;
        }
        taken = 2 * (taken - leaves_taken);
    }
    lengths
}

/// For each list of the algorithm, whether its items in ascending weight are leaves. Other items are packages of
/// two items of the list before.
fn merge(weights: &[u64]) -> Vec<Vec<bool>> {
    let mut levels = Vec::with_capacity(LONGEST);
    let mut list = weights.to_vec();
    levels.push(vec![true; list.len()]);
    while levels.len() < LONGEST {
        let mut packages = list.chunks_exact(2).map(|pair| pair[0] + pair[1]).peekable();
        let mut leaves = weights.iter().copied().peekable();
        let mut next = Vec::with_capacity(2 * weights.len());
        let mut leaf = Vec::with_capacity(2 * weights.len());
        loop {
            let from_leaves = match (leaves.peek(), packages.peek()) {
                (Some(one), Some(two)) => one <= two,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            next.extend(if from_leaves { leaves.next() } else { packages.next() });
            leaf.push(from_leaves);
        }
        list = next;
        levels.push(leaf);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2^16 times the sum of 2^-length; at most 2^16 - 1 if the all-ones code is unused.
    fn kraft(table: &Table) -> u32 {
        table.counts.iter().zip(1..).map(|(&count, length)| u32::from(count) << (16 - length)).sum()
    }

    /// Total bits by Huffman's unlimited algorithm, including the symbol that never occurs.
    fn unlimited_bits(frequencies: &[u32; 256]) -> u64 {
        let mut weights: Vec<u64> =
            frequencies.iter().filter(|&&count| count > 0).map(|&count| count.into()).collect();
        weights.push(0);
        let mut bits = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let sum = weights.pop().unwrap_or_default() + weights.pop().unwrap_or_default();
            bits += sum;
            weights.push(sum);
        }
        bits
    }

    fn bits(frequencies: &[u32; 256], table: &Table) -> u64 {
        frequencies
            .iter()
            .zip(table.codes())
            .map(|(&count, (_, length))| u64::from(count) * u64::from(length))
            .sum()
    }

    fn check(frequencies: &[u32; 256]) {
        let table = Table::optimal(frequencies);
        let occurring: Vec<u8> = (0..=255).filter(|&symbol| frequencies[usize::from(symbol)] > 0).collect();
        let mut coded = table.symbols.clone();
        coded.sort_unstable();
        assert_eq!(coded, occurring);
        assert_eq!(table.counts.iter().map(|&count| usize::from(count)).sum::<usize>(), occurring.len());
        assert!(kraft(&table) < 1 << 16, "{:?}", table.counts);
        for (code, length) in table.codes() {
            assert!(length == 0 || u32::from(code) < (1 << length) - 1, "an all-ones code");
        }
    }

    #[test]
    fn fibonacci_frequencies_are_limited_to_16_bits() {
        let mut frequencies = [0; 256];
        let (mut one, mut two) = (1u32, 1u32);
        for frequency in frequencies.iter_mut().take(44) {
            *frequency = one;
            (one, two) = (two, one + two);
        }
        check(&frequencies);
        assert!(Table::optimal(&frequencies).counts[15] > 0);
    }

    #[test]
    fn one_symbol_takes_one_bit() {
        let mut frequencies = [0; 256];
        frequencies[7] = 3;
        let table = Table::optimal(&frequencies);
        assert_eq!((table.counts[0], table.symbols.as_slice()), (1, [7].as_slice()));
        assert_eq!(table.codes()[7], (0, 1));
    }

    #[test]
    fn no_symbols_give_an_empty_table() {
        assert_eq!(Table::optimal(&[0; 256]), Table::default());
    }

    proptest! {
        #[test]
        fn every_table_is_a_prefix_code_without_all_ones(
            counts in proptest::collection::vec(prop_oneof![Just(0u32), 1..10u32, 1..1_000_000u32, any::<u32>()], 256)
        ) {
            check(&counts.try_into().unwrap_or([0; 256]));
        }

        #[test]
        fn unlimited_codes_are_as_short_as_huffmans(counts in proptest::collection::vec(20..60u32, 256)) {
            let frequencies = counts.try_into().unwrap_or([0; 256]);
            prop_assert_eq!(bits(&frequencies, &Table::optimal(&frequencies)), unlimited_bits(&frequencies));
        }
    }
}
