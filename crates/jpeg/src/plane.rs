//! One component's samples.

/// Samples of 8 bits, row by row, without gaps.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plane {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width` × `height` samples.
    pub samples: Vec<u8>,
}
