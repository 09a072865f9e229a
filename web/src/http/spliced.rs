//! A page that is kept, but for one short text that each answer has of its own. Both sides of it are compressed once:
//! the text goes between them as a stored block (RFC 1951, section 3.2.4), and the checksums are combined.

use std::io::Write as _;

use axum::body::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// The first bytes of a file of gzip: deflate, no name, no time, unknown system (RFC 1952, section 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A stored block that isn't the last one.
const STORED: u8 = 0;

/// A page in two pieces.
#[derive(Debug)]
pub struct Spliced {
    before: Piece,
    after: Piece,
}

#[derive(Debug)]
struct Piece {
    plain: Box<[u8]>,
    deflated: Box<[u8]>,
    checksum: Crc,
}

impl Piece {
    /// Compresses a piece. One that isn't the last ends at a whole byte, and what follows doesn't refer to it.
    fn new(text: &str, is_last: bool) -> Self {
        let mut deflate = DeflateEncoder::new(Vec::with_capacity(text.len() / 2), Compression::default());
        // Writing to memory doesn't fail.
        let written = deflate.write_all(text.as_bytes());
        let deflated = if is_last {
            written.and_then(|()| deflate.finish())
        } else {
            written.and_then(|()| deflate.flush()).map(|()| deflate.get_ref().clone())
        };
        let mut checksum = Crc::new();
        checksum.update(text.as_bytes());
        Self { plain: text.as_bytes().into(), deflated: deflated.unwrap_or_default().into(), checksum }
    }
}

impl Spliced {
    /// Compresses what stands before and after the text.
    #[must_use]
    pub fn new(before: &str, after: &str) -> Self {
        Self { before: Piece::new(before, false), after: Piece::new(after, true) }
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let pieces = [&self.before, &self.after];
        pieces.iter().map(|piece| piece.plain.len() + piece.deflated.len()).sum()
    }

    /// The page as it is.
    #[must_use]
    pub fn plain(&self, text: &str) -> Bytes {
        [&*self.before.plain, text.as_bytes(), &*self.after.plain].concat().into()
    }

    /// The page compressed with gzip. The text has at most 65,535 bytes.
    #[must_use]
    pub fn gzip(&self, text: &str) -> Bytes {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        debug_assert_eq!(usize::from(length), text.len(), "it is one block");
        let mut checksum = Crc::new();
        checksum.combine(&self.before.checksum);
        checksum.update(text.as_bytes());
        checksum.combine(&self.after.checksum);
        let block = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
        let trailer = [checksum.sum().to_le_bytes(), checksum.amount().to_le_bytes()].concat();
        let parts: [&[u8]; 7] = [
            &HEADER,
            &self.before.deflated,
            &[STORED],
            &block,
            text.as_bytes(),
            &self.after.deflated,
            &trailer,
        ];
        parts.concat().into()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_spliced_page_is_the_whole_page(before in "\\PC{0,400}", text in "[a-zA-Z0-9_-]{0,80}", after in "\\PC{0,400}") {
            let page = Spliced::new(&before, &after);
            let whole = format!("{before}{text}{after}");
            prop_assert_eq!(&page.plain(&text)[..], whole.as_bytes());
            let mut unpacked = String::new();
            // The decoder also checks the checksum and the length.
            GzDecoder::new(&*page.gzip(&text)).read_to_string(&mut unpacked).expect("it is gzip");
            prop_assert_eq!(unpacked, whole);
        }
    }

    #[test]
    fn it_is_as_small_as_the_whole_page_compressed() {
        let html = "<p>seven cats on a wall</p>".repeat(200);
        let page = Spliced::new(&html, &html);
        assert!(page.gzip("text").len() < html.len() / 10, "{}", page.gzip("text").len());
    }
}
