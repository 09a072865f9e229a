//! Building blocks of the generated files: seeded noise, photos, compressed data.

use std::io::Write as _;

use flate2::{Compress, Compression, FlushCompress, write::ZlibEncoder};
use image::RgbImage;

/// Mebibytes, for memory bounds.
pub(crate) const MIB: u64 = 1 << 20;

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same numbers on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("is below a usize")
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// A picture with slopes and grain, which no decoder finds easy.
pub(crate) fn photo(width: u32, height: u32) -> RgbImage {
    let mut random = Random::seeded(4);
    RgbImage::from_fn(width, height, |x, y| {
        let [grain, ..] = random.next().to_le_bytes();
        let level = |slope: u32| u8::try_from(slope % 224).expect("is below 224") + grain % 32;
        image::Rgb([level(x), level(y), level(u32::midpoint(x, y))])
    })
}

pub(crate) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("is short")
}

/// Compresses bytes to a zlib stream.
pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// A zlib stream of this many zeros, about a thousandth as long (RFC 1950 and 1951).
///
/// Blocks after zeros are identical, so one is compressed and copied.
pub(crate) fn zlib_of_zeros(count: u64) -> Vec<u8> {
    const BLOCK: usize = 1 << 20;
    const LAST_EMPTY_BLOCK: [u8; 5] = [1, 0, 0, 0xFF, 0xFF];
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = |zeros: usize| {
        let mut block = Vec::with_capacity(BLOCK);
        deflate.compress_vec(&vec![0; zeros], &mut block, FlushCompress::Sync).expect("there is room");
        block
    };
    let mut stream = vec![0x78, 0xDA];
    let (blocks, rest) = (count / BLOCK as u64, usize::try_from(count % BLOCK as u64).expect("is short"));
    if blocks > 0 {
        stream.extend(block(BLOCK));
        let next = block(BLOCK);
        (1..blocks).for_each(|_| stream.extend(&next));
    }
    stream.extend(block(rest));
    stream.extend(LAST_EMPTY_BLOCK);
    let adler = u32::try_from(count % 65_521).expect("is short") << 16 | 1;
    stream.extend(adler.to_be_bytes());
    stream
}

/// A bit writer, lowest bit of a byte first, as in deflate, GIF and lossless WebP.
#[derive(Default)]
pub(crate) struct LowBitsFirst {
    bytes: Vec<u8>,
    used: u32,
}

impl LowBitsFirst {
    pub(crate) fn put(&mut self, code: u32, bits: u32) {
        for bit in 0..bits {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("was just made");
            *last |= u8::from(code >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[test]
fn a_stream_of_zeros_inflates_to_them() {
    use std::io::Read as _;

    for count in [0, 5, 1 << 20, (3 << 20) + 77] {
        let mut inflated = Vec::new();
        let stream = zlib_of_zeros(count);
        flate2::read::ZlibDecoder::new(stream.as_slice()).read_to_end(&mut inflated).expect("is a stream");
        assert!(inflated.len() as u64 == count && inflated.iter().all(|&byte| byte == 0), "{count} zeros");
    }
}
