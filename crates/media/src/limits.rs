//! Limits on uploaded pictures, and the messages for pictures that exceed them.

use std::{io, time::Duration};

use serde::{Deserialize, Serialize};

/// Limits on an uploaded picture and on the cost of decoding it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Limits {
    /// Size of the file in bytes.
    pub max_bytes: u64,
    /// Pixels of the whole picture: width times height.
    pub max_pixels: u64,
    /// Pixels of the shorter side, and of a chosen crop's side.
    pub min_side: u32,
    /// Pixels of the longer side.
    pub max_side: u32,
    /// Maximum ratio of the longer side to the shorter.
    pub max_aspect: u32,
    /// Wall-clock time and processor time for one picture in a decoder process.
    pub timeout: Duration,
    /// Address space of a decoder process in bytes.
    ///
    /// A progressive JPEG of 50 megapixels needs 150 MB for pixels and 300 MB for coefficients, a 16-bit PNG with
    /// alpha 550 MB, a 12-bit AVIF with full chroma 500 MB.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 20_000_000,
            max_pixels: 50_000_000,
            min_side: 200,
            max_side: 12_000,
            max_aspect: 10,
            timeout: Duration::from_secs(20),
            memory: 1 << 30,
        }
    }
}

impl Limits {
    /// Checks only the size in pixels.
    pub fn check_size(&self, width: u32, height: u32) -> Result<(), Refusal> {
        let (shorter, longer) = (width.min(height), width.max(height));
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(Refusal::TooManyPixels { width, height, max: self.max_pixels });
        }
        if longer > self.max_side {
            return Err(Refusal::TooLong { width, height, max: self.max_side });
        }
        if shorter < self.min_side {
            return Err(Refusal::TooSmall { width, height, min: self.min_side });
        }
        if longer > shorter.saturating_mul(self.max_aspect) {
            return Err(Refusal::TooNarrow { width, height, max_aspect: self.max_aspect });
        }
        Ok(())
    }
}

/// Why a picture is refused. The text is for its owner and says what to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// An empty file.
    #[error("This file is empty. Choose the picture again.")]
    Empty,
    /// Not a supported format, judged by content.
    #[error("This file isn't a picture we can read. Upload a JPEG, PNG, WebP, AVIF or GIF.")]
    NotAPicture,
    /// HEIC: a picture coded with HEVC, whatever brands the file has.
    #[error(
        "HEIC pictures can't be read here. Export yours as a JPEG and upload that; an iPhone does so by itself with \
         Settings > Camera > Formats > Most Compatible."
    )]
    Heif,
    /// HDR with PQ or HLG and no profile.
    #[error(
        "This picture is in HDR, which can't be shown here. Export it in SDR, as a JPEG, and upload that."
    )]
    HighDynamicRange,
    /// A supported format in an unsupported variant, such as lossless JPEG.
    #[error(
        "This picture is stored in a way we can't read. Save it as an ordinary JPEG or PNG and upload that."
    )]
    Unsupported,
    /// Truncated or corrupt.
    #[error("This picture is damaged or incomplete. Open the original, save it as a JPEG and upload that.")]
    Damaged,
    /// The file exceeds the size limit.
    #[error("This file is too large: the limit is {} MB. Save the picture smaller and upload that.", max / 1_000_000)]
    TooManyBytes {
        /// The limit in bytes.
        max: u64,
    },
    /// Decoding needs more than [`Limits::memory`].
    #[error(
        "This picture takes more memory to process than we have for one. Save it smaller, as a JPEG, and upload that."
    )]
    TooMuchMemory,
    /// The picture has more pixels than allowed.
    #[error(
        "This picture has {width} × {height} pixels, which is more than {} megapixels. Make it smaller and upload that.",
        max / 1_000_000
    )]
    TooManyPixels {
        /// Pixels as stored.
        width: u32,
        /// Pixels as stored.
        height: u32,
        /// The limit in pixels.
        max: u64,
    },
    /// A side is too long.
    #[error(
        "This picture has {width} × {height} pixels; no side may be longer than {max}. Make it smaller and upload that."
    )]
    TooLong {
        /// Pixels as stored.
        width: u32,
        /// Pixels as stored.
        height: u32,
        /// The limit in pixels.
        max: u32,
    },
    /// A side is too short.
    #[error(
        "This picture has {width} × {height} pixels; each side needs at least {min}. Upload a larger one."
    )]
    TooSmall {
        /// Pixels as stored.
        width: u32,
        /// Pixels as stored.
        height: u32,
        /// The limit in pixels.
        min: u32,
    },
    /// The sides are too unequal.
    #[error(
        "This picture has {width} × {height} pixels; one side is more than {max_aspect} times the other. Crop it and \
         upload that."
    )]
    TooNarrow {
        /// Pixels as stored.
        width: u32,
        /// Pixels as stored.
        height: u32,
        /// The maximum ratio of the sides.
        max_aspect: u32,
    },
    /// The crop lies partly outside the picture.
    #[error("The crop reaches outside of the picture, which has {width} × {height} pixels. Choose it again.")]
    CropOutside {
        /// Pixels of the upright picture.
        width: u32,
        /// Pixels of the upright picture.
        height: u32,
    },
    /// The crop is too small.
    #[error("The crop is too small: it needs at least {min} × {min} pixels. Choose a larger one.")]
    CropTooSmall {
        /// The limit in pixels.
        min: u32,
    },
}

/// Why a picture couldn't be probed or stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The picture is at fault; its owner should be told.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our side is at fault: reading the file or the store failed.
    #[error("reading or storing a picture: {0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_at_the_limit_pass_and_one_pixel_more_does_not() {
        let limits = Limits::default();
        for (width, height) in [(200, 200), (200, 2_000), (12_000, 1_200), (10_000, 5_000)] {
            assert_eq!(limits.check_size(width, height), Ok(()));
            assert_eq!(limits.check_size(height, width), Ok(()));
        }
        assert!(matches!(limits.check_size(199, 200), Err(Refusal::TooSmall { .. })));
        assert!(matches!(limits.check_size(2_001, 200), Err(Refusal::TooNarrow { .. })));
        assert!(matches!(limits.check_size(1_200, 12_001), Err(Refusal::TooLong { .. })));
        assert!(matches!(limits.check_size(10_000, 5_001), Err(Refusal::TooManyPixels { .. })));
        assert!(matches!(limits.check_size(u32::MAX, u32::MAX), Err(Refusal::TooManyPixels { .. })));
        assert!(matches!(limits.check_size(0, 0), Err(Refusal::TooSmall { .. })));
    }

    #[test]
    fn the_message_names_the_limit() {
        let refusal = Refusal::TooManyBytes { max: Limits::default().max_bytes };
        assert!(refusal.to_string().contains("20 MB"));
        let refusal = Limits::default().check_size(50_000, 50_000).expect_err("is too large");
        assert!(
            refusal.to_string().contains("50000 × 50000") && refusal.to_string().contains("50 megapixels")
        );
    }
}
