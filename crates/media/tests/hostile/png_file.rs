//! Builds PNG files from chunks, valid or not (PNG, third edition).

use std::{io::Cursor, sync::LazyLock};

use flate2::Crc;
use image::{DynamicImage, ImageFormat};

use crate::bytes::{length, photo, zlib};

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(crate) type Chunk = ([u8; 4], Vec<u8>);

/// The chunks of a PNG, ending with IEND.
#[derive(Clone, Debug)]
pub(crate) struct Png {
    pub(crate) chunks: Vec<Chunk>,
}

impl Png {
    /// Splits a valid file.
    fn parse(file: &[u8]) -> Self {
        let mut chunks = Vec::new();
        let mut rest = &file[SIGNATURE.len()..];
        while let [l3, l2, l1, l0, k0, k1, k2, k3, ..] = *rest {
            let end = 8 + u32::from_be_bytes([l3, l2, l1, l0]) as usize;
            chunks.push(([k0, k1, k2, k3], rest[8..end].to_vec()));
            rest = &rest[end + 4..];
        }
        Self { chunks }
    }

    /// A photo of 320 × 240 with 8 bits per colour.
    pub(crate) fn photo() -> Self {
        static PHOTO: LazyLock<Png> = LazyLock::new(|| Png::sized(320, 240));
        PHOTO.clone()
    }

    pub(crate) fn sized(width: u32, height: u32) -> Self {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(photo(width, height)).write_to(&mut file, ImageFormat::Png).expect("is encoded");
        Self::parse(file.get_ref())
    }

    /// A picture of these rows, each starting with its filter type.
    pub(crate) fn of(width: u32, height: u32, depth: u8, colour: u8, interlaced: u8, rows: &[u8]) -> Self {
        Self::of_stream(width, height, [depth, colour, interlaced], zlib(rows))
    }

    /// A picture with this zlib stream, bit depth, colour type and interlacing.
    pub(crate) fn of_stream(
        width: u32,
        height: u32,
        [depth, colour, interlaced]: [u8; 3],
        stream: Vec<u8>,
    ) -> Self {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = [&sides[..], &[depth, colour, 0, 0, interlaced]].concat();
        Self { chunks: vec![(*b"IHDR", header), (*b"IDAT", stream), (*b"IEND", Vec::new())] }
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = SIGNATURE.to_vec();
        for (kind, data) in &self.chunks {
            file.extend(chunk(*kind, data));
        }
        file
    }

    pub(crate) fn position(&self, kind: [u8; 4]) -> usize {
        self.chunks.iter().position(|(found, _)| *found == kind).expect("there is one")
    }

    /// The file with these chunks before the first of this kind.
    pub(crate) fn before(mut self, kind: [u8; 4], chunks: impl IntoIterator<Item = Chunk>) -> Self {
        let at = self.position(kind);
        self.chunks.splice(at..at, chunks);
        self
    }

    /// The file with the first chunk of this kind changed.
    pub(crate) fn with(mut self, kind: [u8; 4], change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let at = self.position(kind);
        change(&mut self.chunks[at].1);
        self
    }

    /// The file without chunks of this kind.
    pub(crate) fn without(mut self, kind: [u8; 4]) -> Self {
        self.chunks.retain(|(found, _)| *found != kind);
        self
    }
}

/// A chunk with length and checksum.
pub(crate) fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    [&length(data).to_be_bytes()[..], &kind, data, &crc.sum().to_be_bytes()].concat()
}
