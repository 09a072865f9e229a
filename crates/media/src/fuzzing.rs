//! Private parts of the image path, exported to fuzz targets only.

use super::Orientation;
pub use super::sandbox::fuzzing::{framed_reply, reply};

/// Reads the orientation from EXIF data that start with the TIFF header.
pub fn orientation(tiff: &[u8]) -> Orientation {
    Orientation::from_exif(tiff)
}
