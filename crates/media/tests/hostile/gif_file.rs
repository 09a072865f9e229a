//! Builds GIF files from blocks, valid or not (GIF89a).

use crate::bytes::LowBitsFirst;

/// The parts of a GIF for [`file`].
#[derive(Clone, Debug)]
pub(crate) struct Gif {
    pub(crate) screen: [u16; 2],
    /// The size of the global colour table as encoded in its flags, if there is one.
    pub(crate) colours: Option<u8>,
    /// Blocks before the first image.
    pub(crate) before: Vec<u8>,
    /// Left, top, width, height.
    pub(crate) frame: [u16; 4],
    /// Flags of the image.
    pub(crate) flags: u8,
    pub(crate) code_size: u8,
    pub(crate) data: Vec<u8>,
    /// Everything after the image.
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

    /// A picture of one colour, in few bytes at any size.
    pub(crate) fn of_one_colour(width: u16, height: u16) -> Self {
        let data = one_colour(usize::from(width) * usize::from(height));
        Self { screen: [width, height], frame: [0, 0, width, height], data, ..Self::plain(9, 9) }
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

/// Splits data into sub-blocks and appends the terminator.
pub(crate) fn blocks(data: &[u8]) -> Vec<u8> {
    let block = |data: &[u8]| [&[u8::try_from(data.len()).expect("is at most 255")][..], data].concat();
    let mut blocks: Vec<u8> = data.chunks(255).flat_map(block).collect();
    blocks.push(0);
    blocks
}

/// LZW (GIF89a, appendix F) that clears its table before codes grow, so each pixel is one code.
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

/// LZW of this many pixels of colour 0 out of four. Each code stands for one pixel more than the previous one and
/// enters the table only when it is read.
fn one_colour(pixels: usize) -> Vec<u8> {
    const CLEAR: u32 = 4;
    const END: u32 = 5;
    /// Number of codes before the table is cleared, just before it is full.
    const CODES: u32 = 4_090;
    // Code 0 is one pixel; code 6 is the first that isn't in the initial table.
    let code_of = |pixels: u32| if pixels == 1 { 0 } else { pixels + 4 };
    let width_at = |turn: u32| code_of(turn.max(2)).ilog2() + 1;
    let mut bits = LowBitsFirst::default();
    bits.put(CLEAR, 3);
    let (mut left, mut turn) = (pixels, 1);
    while left > 0 {
        let run = u32::try_from(left).map_or(turn, |left| left.min(turn));
        bits.put(code_of(run), width_at(turn));
        left -= run as usize;
        turn += 1;
        if turn == CODES {
            bits.put(CLEAR, width_at(turn));
            turn = 1;
        }
    }
    bits.put(END, width_at(turn));
    bits.finish()
}

/// Encodes these LZW codes at the initial width.
pub(crate) fn codes(code_size: u32, codes: &[u32]) -> Vec<u8> {
    let mut bits = LowBitsFirst::default();
    for &code in codes {
        bits.put(code, code_size + 1);
    }
    bits.finish()
}
