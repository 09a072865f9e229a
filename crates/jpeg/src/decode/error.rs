//! The decoder's errors.

/// Why a picture couldn't be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file doesn't start like a JPEG.
    #[error("not a JPEG file")]
    NotJpeg,
    /// The file ends before the picture does.
    #[error("truncated JPEG file")]
    Truncated,
    /// The named part breaks the format's rules.
    #[error("damaged JPEG file: {0}")]
    Corrupt(&'static str),
    /// The file is valid but uses a rare, unsupported feature.
    #[error("JPEG files with {0} are not supported")]
    Unsupported(&'static str),
    /// The file has more scans or segments than any regular file.
    #[error("the JPEG file has too many {0}")]
    TooMany(&'static str),
    /// The region is empty or outside the picture, or the number of scales differs from that of components.
    #[error("the region or its scales do not fit the picture")]
    Region,
    /// There is not enough memory for the region.
    #[error("not enough memory for the picture")]
    Memory,
}
