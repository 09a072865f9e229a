//! Builds WebP files from chunks, valid or not (RFC 9649).

use std::{io::Cursor, sync::LazyLock};

use image::{DynamicImage, ImageFormat};

use crate::bytes::{LowBitsFirst, Random, length, photo};

pub(crate) type Chunk = ([u8; 4], Vec<u8>);

/// The chunks of a WebP.
#[derive(Clone, Debug)]
pub(crate) struct WebP {
    pub(crate) chunks: Vec<Chunk>,
}

impl WebP {
    pub(crate) fn of(kind: [u8; 4], data: impl Into<Vec<u8>>) -> Self {
        Self { chunks: vec![(kind, data.into())] }
    }

    /// A lossless photo of 320 × 240.
    pub(crate) fn lossless() -> Self {
        static PHOTO: LazyLock<WebP> = LazyLock::new(|| WebP::lossless_of(320, 240));
        PHOTO.clone()
    }

    pub(crate) fn lossless_of(width: u32, height: u32) -> Self {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(photo(width, height)).write_to(&mut file, ImageFormat::WebP).expect("is encoded");
        let file = file.into_inner();
        assert_eq!(file[12..16], *b"VP8L");
        let end = 20 + u32::from_le_bytes(file[16..20].try_into().expect("are four")) as usize;
        Self::of(*b"VP8L", &file[20..end])
    }

    /// A lossy noise picture of this size.
    pub(crate) fn lossy_noise(width: u16, height: u16) -> Self {
        Self::of(*b"VP8 ", lossy(width, height))
    }

    /// The file preceded by an extended header with this canvas and these flags.
    pub(crate) fn extended(mut self, width: u32, height: u32, flags: u8) -> Self {
        let sides = [width - 1, height - 1].map(u32::to_le_bytes);
        let header = [&[flags, 0, 0, 0][..], &sides[0][..3], &sides[1][..3]].concat();
        self.chunks.insert(0, (*b"VP8X", header));
        self
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        let body: Vec<u8> = self.chunks.iter().flat_map(|(kind, data)| chunk(*kind, data)).collect();
        let size = length(&body) + 4;
        [&b"RIFF"[..], &size.to_le_bytes(), b"WEBP", &body].concat()
    }

    /// The file with another length of its first chunk.
    pub(crate) fn claiming_chunk(&self, length: u32) -> Vec<u8> {
        let mut file = self.file();
        file[16..20].copy_from_slice(&length.to_le_bytes());
        file
    }

    /// The file with another total length.
    pub(crate) fn claiming(&self, length: u32) -> Vec<u8> {
        let mut file = self.file();
        file[4..8].copy_from_slice(&length.to_le_bytes());
        file
    }
}

pub(crate) fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    [&kind[..], &length(data).to_le_bytes(), data, &vec![0; data.len() % 2]].concat()
}

/// An animation frame (RFC 9649, 2.7.1.4).
pub(crate) fn frame([x, y]: [u32; 2], [width, height]: [u32; 2], image: &[u8]) -> Chunk {
    let numbers = [x / 2, y / 2, width - 1, height - 1, 100];
    let head: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()[..3].to_vec()).collect();
    (*b"ANMF", [&head[..], &[0], image].concat())
}

/// A lossless picture of one colour, in about 20 bytes at any size (RFC 9649, 3).
pub(crate) fn lossless_plain(width: u32, height: u32) -> Vec<u8> {
    let mut bits = LowBitsFirst::default();
    bits.put(0x2F, 8);
    bits.put(width - 1, 14);
    bits.put(height - 1, 14);
    bits.put(0, 1 + 3); // No alpha; version 0.
    bits.put(0, 1 + 1 + 1); // No transform, no colour cache, one group of codes.
    for symbol in [0x40, 0x80, 0xC0, 0xFF, 0] {
        bits.put(0b1, 1); // A simple code
        bits.put(0, 1); // of one symbol,
        bits.put(1, 1); // in eight bits.
        bits.put(symbol, 8);
    }
    bits.finish()
}

/// A key frame (RFC 6386, 9) with a valid header and noise, which decodes to some picture.
pub(crate) fn lossy(width: u16, height: u16) -> Vec<u8> {
    const FIRST_PARTITION: usize = 20_000;
    let mut coder = BoolCoder::default();
    coder.put(0, 1 + 1); // YCbCr, to be clamped.
    coder.put(0, 1); // No segments.
    coder.put(0, 1 + 6 + 3); // No loop filter.
    coder.put(0, 1); // No adjustments of it.
    coder.put(0, 2); // One partition of coefficients.
    coder.put(20, 7); // A quantizer,
    coder.put(0, 5); // the same for all.
    coder.put(1, 1); // Probabilities hold on.
    let mut random = Random::seeded(8);
    let mut first = coder.finish();
    first.extend(random.bytes(FIRST_PARTITION - first.len()));
    key_frame(width, height, &first, &random.bytes(usize::from(width) * usize::from(height)))
}

/// A key frame of zeros, always the first choice: no segments, no loop filter, blocks predicted from their
/// neighbours, no coefficients. It shows about one colour, and a byte holds 128 pixels.
pub(crate) fn lossy_plain(width: u16, height: u16) -> Vec<u8> {
    // Modes and coefficients of a macroblock take less than a byte each, the header less than 200.
    let macroblocks = usize::from(width.div_ceil(16)) * usize::from(height.div_ceil(16));
    let zeros = vec![0; 200 + macroblocks];
    key_frame(width, height, &zeros, &zeros)
}

/// The frame's tag, size and two partitions (RFC 6386, 9.1).
fn key_frame(width: u16, height: u16, first: &[u8], coefficients: &[u8]) -> Vec<u8> {
    let tag = length(first) << 5 | 1 << 4;
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [&tag.to_le_bytes()[..3], &[0x9D, 0x01, 0x2A], &sides, first, coefficients].concat()
}

/// The boolean entropy encoder (RFC 6386, 7.3) for equally likely bits.
struct BoolCoder {
    bytes: Vec<u8>,
    range: u32,
    bottom: u32,
    until_byte: u32,
}

impl Default for BoolCoder {
    fn default() -> Self {
        Self { bytes: Vec::new(), range: 255, bottom: 0, until_byte: 24 }
    }
}

impl BoolCoder {
    /// Codes the lowest `bits` of a value, highest first.
    fn put(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.put_bit(value >> bit & 1 == 1);
        }
    }

    fn put_bit(&mut self, bit: bool) {
        let split = 1 + (((self.range - 1) * 128) >> 8);
        if bit {
            let (bottom, carried) = self.bottom.overflowing_add(split << 24);
            self.bottom = bottom;
            self.range -= split;
            if carried {
                self.carry();
            }
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.range <<= 1;
            if self.bottom >> 31 == 1 {
                self.carry();
            }
            self.bottom <<= 1;
            self.until_byte -= 1;
            if self.until_byte == 0 {
                self.bytes.push(self.bottom.to_be_bytes()[0]);
                self.bottom &= 0x00FF_FFFF;
                self.until_byte = 8;
            }
        }
    }

    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(0, 32);
        self.bytes
    }
}
