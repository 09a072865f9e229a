//! Reduced decoding sizes.

use crate::zigzag::ZIGZAG;

/// The size of the decoded picture relative to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// Blocks of 8 × 8 samples.
    Full,
    /// Blocks of 4 × 4 samples from the 16 lowest coefficients.
    Half,
    /// Blocks of 2 × 2 samples from the 4 lowest coefficients.
    Quarter,
    /// One sample per block: its mean.
    Eighth,
}

impl Scale {
    /// Samples per row of a block.
    pub const fn side(self) -> usize {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    /// Mask of the coefficients used, in zigzag order.
    pub(super) const fn keep(self) -> u64 {
        let (mut keep, mut place) = (0, 0);
        while place < 64 {
            let (row, column) = (ZIGZAG[place] as usize / 8, ZIGZAG[place] as usize % 8);
            if row < self.side() && column < self.side() {
                keep |= 1 << place;
            }
            place += 1;
        }
        keep
    }

    /// The highest zigzag index used.
    pub(super) const fn last(self) -> u32 {
        self.keep().ilog2()
    }
}
