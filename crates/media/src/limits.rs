//! What a picture may be, and what its owner reads when it isn't.

use std::{io, time::Duration};

use serde::{Deserialize, Serialize};

/// What an uploaded picture may be, and what decoding it may cost.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of the uploaded file.
    pub max_bytes: u64,
    /// Pixels of the whole picture, width times height.
    pub max_pixels: u64,
    /// Pixels of the shorter side; also of a chosen crop.
    pub min_side: u32,
    /// Pixels of the longer side.
    pub max_side: u32,
    /// The longer side as a multiple of the shorter.
    pub max_aspect: u32,
    /// Wall-clock time of a picture in a decoder process, and the processor time that it may use for it.
    pub timeout: Duration,
    /// Bytes of address space of a decoder process.
    ///
    /// A progressive JPEG of 50 megapixels takes 150 MB for its pixels and 300 MB for its coefficients, a PNG with
    /// 16 bits and alpha 550 MB, an AVIF with 12 bits and all of its chroma 500 MB.
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
    /// Refuses a picture by its size in pixels alone.
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

/// Why a picture isn't taken. The text is for its owner and says what to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// A file of no bytes.
    #[error("This file is empty. Choose the picture again.")]
    Empty,
    /// None of the formats that are read, whatever the file is called.
    #[error("This file isn't a picture we can read. Upload a JPEG, PNG, WebP, AVIF or GIF.")]
    NotAPicture,
    /// HEIC: a picture as HEVC has it, whatever else its file says.
    #[error(
        "HEIC pictures can't be read here. Export yours as a JPEG and upload that; an iPhone does so by itself with \
         Settings > Camera > Formats > Most Compatible."
    )]
    Heif,
    /// Brighter than white, for screens that can show that.
    #[error(
        "This picture is in HDR, which can't be shown here. Export it in SDR, as a JPEG, and upload that."
    )]
    HighDynamicRange,
    /// A known format in a form that the decoders don't know, such as a lossless JPEG.
    #[error(
        "This picture is stored in a way we can't read. Save it as an ordinary JPEG or PNG and upload that."
    )]
    Unsupported,
    /// Cut off or corrupt.
    #[error("This picture is damaged or incomplete. Open the original, save it as a JPEG and upload that.")]
    Damaged,
    /// More bytes than allowed.
    #[error("This file is too large: the limit is {} MB. Save the picture smaller and upload that.", max / 1_000_000)]
    TooManyBytes {
        /// The limit in bytes.
        max: u64,
    },
    /// More than [`Limits::memory`] would be needed.
    #[error(
        "This picture takes more memory to process than we have for one. Save it smaller, as a JPEG, and upload that."
    )]
    TooMuchMemory,
    /// More pixels than allowed.
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
    /// A side that is too long.
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
    /// A side that is too short.
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
    /// A strip rather than a picture.
    #[error(
        "This picture has {width} × {height} pixels; one side is more than {max_aspect} times the other. Crop it and \
         upload that."
    )]
    TooNarrow {
        /// Pixels as stored.
        width: u32,
        /// Pixels as stored.
        height: u32,
        /// The limit as a multiple of the shorter side.
        max_aspect: u32,
    },
    /// A crop that isn't inside of the picture.
    #[error("The crop reaches outside of the picture, which has {width} × {height} pixels. Choose it again.")]
    CropOutside {
        /// Pixels of the upright picture.
        width: u32,
        /// Pixels of the upright picture.
        height: u32,
    },
    /// A crop that is too small to be shown.
    #[error("The crop is too small: it needs at least {min} × {min} pixels. Choose a larger one.")]
    CropTooSmall {
        /// The limit in pixels.
        min: u32,
    },
}

/// Why a picture couldn't be probed or stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The picture's fault: tell its owner.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Ours: the file or the store failed.
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
    fn the_owner_reads_the_limit() {
        let refusal = Refusal::TooManyBytes { max: Limits::default().max_bytes };
        assert!(refusal.to_string().contains("20 MB"));
        let refusal = Limits::default().check_size(50_000, 50_000).expect_err("is too large");
        assert!(
            refusal.to_string().contains("50000 × 50000") && refusal.to_string().contains("50 megapixels")
        );
    }
}
