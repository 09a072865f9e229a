//! Private parts of the image path, for fuzzing alone: there is no such module in any other build.

use super::Orientation;
pub use super::sandbox::fuzzing::{framed_reply, reply};

/// Reads the orientation from EXIF data that begin with their TIFF header.
pub fn orientation(tiff: &[u8]) -> Orientation {
    Orientation::from_exif(tiff)
}
