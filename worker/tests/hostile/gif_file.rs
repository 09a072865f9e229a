//! GIF files put together from blocks, which may be wrong (GIF89a).

use crate::bytes::LowBitsFirst;

/// What [`file`] puts together.
#[derive(Clone, Debug)]
pub(crate) struct Gif {
    pub(crate) screen: [u16; 2],
    /// The size of the global colour table as its flags have it, where there is one.
    pub(crate) colours: Option<u8>,
    /// Blocks before the first image.
    pub(crate) before: Vec<u8>,
    /// Left, top, width, height.
    pub(crate) frame: [u16; 4],
    /// The flags of the image.
    pub(crate) flags: u8,
    pub(crate) code_size: u8,
    pub(crate) data: Vec<u8>,
    /// What follows the image.
    pub(crate) after: Vec<u8>,
}

impl Gif {
    /// A picture of four colours.
    pub(crate) fn plain(width: u16, height: u16) -> Self {
        let pixels = usize::from(width) * usize::from(height);
        Self {
            screen: [width, height],
            colours: Some(1),
            before: Vec::new(),
            frame: [0, 0, width, height],
            flags: 0,
            code_size: 2,
            data: uncompressed(2, (0..pixels).map(|at| u32::from(at % 5 == 0))),
            after: vec![0x3B],
        }
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = b"GIF89a".to_vec();
        file.extend(self.screen.iter().flat_map(|side| side.to_le_bytes()));
        file.extend([self.colours.map_or(0, |size| 0x80 | size), 0, 0]);
        if let Some(size) = self.colours {
            file.extend((0..3 << (size + 1)).map(|at: u32| at.to_le_bytes()[0].wrapping_mul(37)));
        }
        file.extend(&self.before);
        file.extend(self.image());
        file.extend(&self.after);
        file
    }

    /// The image descriptor and its data.
    pub(crate) fn image(&self) -> Vec<u8> {
        let mut image = vec![0x2C];
        image.extend(self.frame.iter().flat_map(|number| number.to_le_bytes()));
        image.extend([self.flags, self.code_size]);
        image.extend(blocks(&self.data));
        image
    }
}

/// Cuts data into sub-blocks, with the one of no bytes behind them.
pub(crate) fn blocks(data: &[u8]) -> Vec<u8> {
    let block = |data: &[u8]| [&[u8::try_from(data.len()).expect("is at most 255")][..], data].concat();
    let mut blocks: Vec<u8> = data.chunks(255).flat_map(block).collect();
    blocks.push(0);
    blocks
}

/// LZW (GIF89a, appendix F) that clears its table before codes become longer, so that each pixel is one code.
pub(crate) fn uncompressed(code_size: u32, pixels: impl Iterator<Item = u32>) -> Vec<u8> {
    let (clear, end) = (1 << code_size, (1 << code_size) + 1);
    let mut bits = LowBitsFirst::default();
    for (at, pixel) in pixels.enumerate() {
        if at % ((1 << code_size) - 2) == 0 {
            bits.put(clear, code_size + 1);
        }
        bits.put(pixel, code_size + 1);
    }
    bits.put(end, code_size + 1);
    bits.finish()
}

/// Those LZW codes, each as wide as the first ones are.
pub(crate) fn codes(code_size: u32, codes: &[u32]) -> Vec<u8> {
    let mut bits = LowBitsFirst::default();
    for &code in codes {
        bits.put(code, code_size + 1);
    }
    bits.finish()
}
