//! The supported formats and their magic bytes.

/// A supported picture format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG. An animated one counts as its first frame.
    Png,
    /// WebP. An animated one counts as its first frame.
    WebP,
    /// GIF. An animated one counts as its first frame.
    Gif,
    /// AVIF. An image sequence counts as its still picture.
    Avif,
}

/// Number of leading bytes that identify a format.
pub const MAGIC: usize = 32;

impl Format {
    /// Identifies the format by a file's first bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0xFF, 0xD8, 0xFF, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Self::Png,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::WebP,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::Avif,
            _ => return None,
        })
    }
}
