//! Which formats are read, and how their files begin.

/// A format that is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG; of an animated one, its first frame.
    Png,
    /// WebP; of an animated one, the first frame.
    WebP,
    /// GIF, the first frame.
    Gif,
    /// AVIF; of an animated one, its still picture.
    Avif,
}

/// How many of a file's first bytes say what it is.
pub const MAGIC: usize = 32;

impl Format {
    /// The format of a file that begins like this.
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
