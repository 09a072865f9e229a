//! Why a picture was not decoded.

/// Why a picture was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It does not begin as a JPEG file.
    #[error("not a JPEG file")]
    NotJpeg,
    /// It ends before the picture does.
    #[error("the JPEG file is cut off")]
    Truncated,
    /// It breaks the named rule.
    #[error("the JPEG file is damaged: {0}")]
    Corrupt(&'static str),
    /// It is valid, but of a kind that is hardly ever seen.
    #[error("JPEG files with {0} are not supported")]
    Unsupported(&'static str),
    /// It has more scans or segments than any honest file.
    #[error("the JPEG file has too many {0}")]
    TooMany(&'static str),
    /// The region is empty or leaves the picture, or there isn't one scale for each component.
    #[error("the region or its scales do not fit the picture")]
    Region,
    /// There is no memory for the region.
    #[error("not enough memory for the picture")]
    Memory,
}
