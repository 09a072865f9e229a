//! A plane of samples.

/// 8-bit samples in row order without gaps.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plane {
    /// Samples per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// `width` × `height` samples.
    pub samples: Vec<u8>,
}
