//! Writes AV1 pictures (AV1 Bitstream & Decoding Process Specification, with errata 1).

use std::ops::Range;

use crate::{
    bits::Bits,
    coder::{Coder, Symbol},
};

/// Edge of a superblock in pixels. Each is coded as a single block here.
const BLOCK: u32 = 64;

/// Default CDFs of an intra frame (9.3.3), for the few symbols in use.
mod default {
    use super::Symbol;

    pub(super) const PARTITION_NONE: Symbol = Symbol::first(20_137, 10);
    /// By the number of neighbours (left and above) that are also skipped.
    pub(super) const SKIP: [Symbol; 3] =
        [Symbol::second(31_671), Symbol::second(16_515), Symbol::second(4_576)];
    pub(super) const Y_MODE_DC: Symbol = Symbol::first(15_588, 13);
    pub(super) const UV_MODE_DC: Symbol = Symbol::first(22_631, 13);
    /// By the number of neighbours that also have one.
    pub(super) const HAS_PALETTE_Y: [u32; 3] = [32_450, 7_946, 129];
    /// Without and with a luma palette.
    pub(super) const HAS_PALETTE_UV: [u32; 2] = [32_461, 21_488];
    /// For luma and chroma.
    pub(super) const TWO_COLOURS: [Symbol; 2] = [Symbol::first(14_940, 7), Symbol::first(1_269, 7)];
    /// For luma and chroma; with one known neighbour, and with three of the same colour.
    pub(super) const SAME_COLOUR: [[Symbol; 2]; 2] = [
        [Symbol::first(28_710, 2), Symbol::first(31_603, 2)],
        [Symbol::first(UV_SAME[0], 2), Symbol::first(UV_SAME[1], 2)],
    ];
    const UV_SAME: [u32; 2] = [29_089, 31_610];
}

/// Chroma subsampling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// No chroma.
    Grey,
    /// 4:2:0.
    Quarter,
    /// 4:2:2.
    Half,
    /// 4:4:4.
    Full,
}

/// The format of an AV1 picture, without its content.
#[derive(Clone, Copy, Debug)]
pub struct Still {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bits per sample: 8, 10 or 12.
    pub depth: u8,
    /// The subsampling.
    pub layout: Layout,
    /// Colour primaries, transfer characteristics and matrix coefficients (ITU-T H.273), if signalled.
    pub colours: Option<[u8; 3]>,
    /// Whether samples use the full range.
    pub full_range: bool,
}

impl Still {
    /// 8 bits, 4:2:0, full range, and no colour description.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, depth: 8, layout: Layout::Quarter, colours: None, full_range: true }
    }

    /// A picture of four quarters with these values of Y, U and V: top left, top right, bottom left, bottom right.
    ///
    /// The quarters meet at a block edge at most 32 pixels from the centre. Width and height must be multiples of
    /// 64, or more than 32 above one.
    pub fn quarters(&self, colours: [[u16; 3]; 4]) -> Vec<u8> {
        self.frame(&self.tiles().map(|tile| self.content(tile, Some(colours))).collect::<Vec<_>>())
    }

    /// A mid-grey picture in half a byte per block. Sizes are restricted as for [`Self::quarters`].
    pub fn grey(&self) -> Vec<u8> {
        self.frame(&self.tiles().map(|tile| self.content(tile, None)).collect::<Vec<_>>())
    }

    /// A picture of any size with valid headers and these bytes as content, which decode to something arbitrary.
    pub fn of(&self, content: &[u8]) -> Vec<u8> {
        let tiles = self.tiles().count();
        self.frame(
            &content.chunks(content.len().div_ceil(tiles).max(1)).map(<[u8]>::to_vec).collect::<Vec<_>>(),
        )
    }

    /// The sequence header as an OBU.
    pub fn sequence_header(&self) -> Vec<u8> {
        const SEQUENCE_HEADER: u8 = 1;
        let mut bits = Bits::default();
        bits.put(u32::from(self.profile()), 3);
        bits.put(0b11, 2); // still_picture, reduced header
        bits.put(31, 5); // no level
        bits.put(15, 4);
        bits.put(15, 4);
        bits.put(self.width - 1, 16);
        bits.put(self.height - 1, 16);
        bits.put(0, 3); // 64x64 superblocks, no intra filters
        bits.put(0, 3); // no super-resolution, CDEF, restoration
        self.colour_config(&mut bits);
        bits.put(0, 1); // no film grain
        bits.trail();
        obu(SEQUENCE_HEADER, &bits.finish())
    }

    /// The decoder configuration for `av1C` (AV1 in ISOBMFF, 2.3).
    pub fn configuration(&self) -> Vec<u8> {
        let flag = |is: bool, bit: u8| u8::from(is) << bit;
        let grey = self.layout == Layout::Grey;
        let format = flag(self.depth > 8, 6)
            | flag(self.depth > 10, 5)
            | flag(grey, 4)
            | flag(self.layout != Layout::Full, 3)
            | flag(grey || self.layout == Layout::Quarter, 2);
        vec![0x81, self.profile() << 5 | 31, format, 0]
    }

    fn profile(&self) -> u8 {
        match self.layout {
            _ if self.depth > 10 => 2,
            Layout::Half => 2,
            Layout::Full => 1,
            Layout::Grey | Layout::Quarter => 0,
        }
    }

    /// Section 5.5.2.
    fn colour_config(&self, bits: &mut Bits) {
        let grey = self.layout == Layout::Grey;
        bits.put(u32::from(self.depth > 8), 1);
        if self.profile() == 2 && self.depth > 8 {
            bits.put(u32::from(self.depth > 10), 1);
        }
        if self.profile() != 1 {
            bits.put(u32::from(grey), 1);
        }
        bits.put(u32::from(self.colours.is_some()), 1);
        self.colours.into_iter().flatten().for_each(|code| bits.put(code.into(), 8));
        if !grey && self.colours == Some([1, 13, 0]) {
            // Identity sRGB has a fixed range and layout.
            bits.put(0, 1);
            return;
        }
        bits.put(u32::from(self.full_range), 1);
        if grey {
            return;
        }
        if self.depth > 10 {
            bits.put(u32::from(self.layout != Layout::Full), 1);
            if self.layout != Layout::Full {
                bits.put(u32::from(self.layout == Layout::Quarter), 1);
            }
        }
        if self.layout == Layout::Quarter {
            bits.put(0, 2); // unknown chroma position
        }
        bits.put(0, 1); // one quantizer for both
    }

    /// The sequence header and one frame of these tiles.
    fn frame(&self, tiles: &[Vec<u8>]) -> Vec<u8> {
        const FRAME: u8 = 6;
        let mut bits = Bits::default();
        bits.put(1, 1); // no CDF updates
        bits.put(0b10, 2); // palettes, no integer motion vectors
        bits.put(0, 1); // render size equals frame size
        bits.put(0, 1); // no intra block copy
        Tiling::of(self).put(&mut bits);
        bits.put(100, 8); // base quantizer
        bits.put(0, if self.layout == Layout::Grey { 1 } else { 3 }); // no deltas
        bits.put(0, 1); // no quantizer matrix
        bits.put(0, 2); // no segmentation, no quantizer deltas
        bits.put(0, 6 + 6 + 3 + 1); // no loop filter
        bits.put(0, 2); // largest transforms, full set
        bits.align();
        let mut frame = bits.finish();
        if tiles.len() > 1 {
            frame.push(0); // one tile group
        }
        for (number, tile) in tiles.iter().enumerate() {
            if number + 1 < tiles.len() {
                let length = u32::try_from(tile.len() - 1).expect("is short");
                frame.extend(length.to_le_bytes());
            }
            frame.extend(tile);
        }
        [self.sequence_header(), obu(FRAME, &frame)].concat()
    }

    /// The blocks of each tile: columns, then rows.
    fn tiles(&self) -> impl Iterator<Item = [Range<u32>; 2]> {
        let Tiling { columns, rows } = Tiling::of(self);
        let (columns, rows) = (columns.parts(), rows.parts());
        rows.into_iter()
            .flat_map(move |rows| columns.clone().into_iter().map(move |columns| [columns, rows.clone()]))
    }

    /// Codes the blocks of a tile in raster order (5.11).
    fn content(&self, [columns, rows]: [Range<u32>; 2], colours: Option<[[u16; 3]; 4]>) -> Vec<u8> {
        let mut coder = Coder::default();
        let is_beyond = |at: u32, whole: u32| usize::from(2 * at + 1 > whole.div_ceil(BLOCK));
        for row in rows.clone() {
            for column in columns.clone() {
                let (above, left) = (row > rows.start, column > columns.start);
                let neighbours = usize::from(above) + usize::from(left);
                coder.put(default::PARTITION_NONE);
                coder.put(default::SKIP[neighbours]);
                coder.put(default::Y_MODE_DC);
                if self.layout != Layout::Grey {
                    coder.put(default::UV_MODE_DC);
                }
                let quarter = is_beyond(column, self.width) + 2 * is_beyond(row, self.height);
                if let Some(colours) = colours {
                    coder.put(Symbol::second(default::HAS_PALETTE_Y[neighbours]));
                    self.palette(&mut coder, colours[quarter], left);
                    self.map(&mut coder, colours[quarter], [column, row]);
                } else {
                    coder.put(Symbol::first(default::HAS_PALETTE_Y[0], 2));
                    if self.layout != Layout::Grey {
                        coder.put(Symbol::first(default::HAS_PALETTE_UV[0], 2));
                    }
                }
            }
        }
        coder.finish()
    }

    /// The smaller of a palette's two colours. A palette can't have a single colour.
    fn lesser(&self, value: u16) -> u32 {
        u32::from(value).min((1 << self.depth) - 2)
    }

    /// Codes the palette of a block (5.11.46).
    fn palette(&self, coder: &mut Coder, [y, u, v]: [u16; 3], has_left: bool) {
        let depth = u32::from(self.depth);
        let pair = |coder: &mut Coder, plane: usize, value: u16| {
            coder.put(default::TWO_COLOURS[plane]);
            // Each of the two cached colours on the left could be reused; neither is.
            coder.literal(0, if has_left { 2 } else { 0 });
            coder.literal(self.lesser(value), depth);
            coder.literal(0, 2);
            // Luma deltas are coded minus one.
            coder.literal(u32::from(plane == 1), depth - 3);
        };
        pair(coder, 0, y);
        if self.layout != Layout::Grey {
            coder.put(Symbol::second(default::HAS_PALETTE_UV[1]));
            pair(coder, 1, u);
            coder.literal(0, 1);
            coder.literal(v.into(), depth);
            coder.literal(v.into(), depth);
        }
    }

    /// The colour index of a block, the same for all samples.
    fn map(&self, coder: &mut Coder, [y, u, _]: [u16; 3], [column, row]: [u32; 2]) {
        let side = |whole: u32, at: u32| BLOCK.min((whole - at * BLOCK).next_multiple_of(8));
        let (width, height) = (side(self.width, column), side(self.height, row));
        map_plane(coder, 0, u32::from(y) - self.lesser(y), [width, height]);
        let chroma = match self.layout {
            Layout::Grey => return,
            Layout::Quarter => [width / 2, height / 2],
            Layout::Half => [width / 2, height],
            Layout::Full => [width, height],
        };
        map_plane(coder, 1, u32::from(u) - self.lesser(u), chroma);
    }
}

/// Codes the same index out of two for each sample, diagonal by diagonal (5.11.49).
fn map_plane(coder: &mut Coder, plane: usize, colour: u32, [width, height]: [u32; 2]) {
    coder.literal(colour, 1);
    for diagonal in 1..width + height - 1 {
        for column in (diagonal.saturating_sub(height - 1)..=diagonal.min(width - 1)).rev() {
            let at_edge = column == 0 || column == diagonal;
            coder.put(default::SAME_COLOUR[plane][usize::from(!at_edge)]);
        }
    }
}

/// The division of blocks into tiles in one direction.
#[derive(Clone, Copy)]
struct Split {
    blocks: u32,
    /// Minimum and maximum number of tiles, as powers of two.
    least: u32,
    most: u32,
}

impl Split {
    fn put(self, bits: &mut Bits) {
        // Use the minimum.
        if self.least < self.most {
            bits.put(0, 1);
        }
    }

    fn parts(self) -> Vec<Range<u32>> {
        let step = self.blocks.div_ceil(1 << self.least);
        (0..self.blocks).step_by(step as usize).map(|at| at..(at + step).min(self.blocks)).collect()
    }
}

/// The minimum number of tiles for a size (5.9.15).
struct Tiling {
    columns: Split,
    rows: Split,
}

impl Tiling {
    fn of(still: &Still) -> Self {
        const MAX_WIDTH: u32 = 4096 / BLOCK;
        const MAX_AREA: u32 = 4096 * 2304 / BLOCK / BLOCK;
        let log = |unit: u32, target: u32| (0..32).find(|&log| unit << log >= target).unwrap_or(0);
        let [columns, rows] = [still.width, still.height].map(|side| side.div_ceil(BLOCK));
        let least_columns = log(MAX_WIDTH, columns);
        let least = least_columns.max(log(MAX_AREA, columns.saturating_mul(rows)));
        Self {
            columns: Split { blocks: columns, least: least_columns, most: log(1, columns.min(64)) },
            rows: Split { blocks: rows, least: least - least_columns, most: log(1, rows.min(64)) },
        }
    }

    fn put(&self, bits: &mut Bits) {
        bits.put(1, 1); // uniform spacing
        self.columns.put(bits);
        self.rows.put(bits);
        let tiles = self.columns.least + self.rows.least;
        if tiles > 0 {
            bits.put(0, tiles); // context_update_tile_id
            bits.put(3, 2); // tile sizes of four bytes
        }
    }
}

/// An OBU with a size field (5.3).
fn obu(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind << 3 | 0b10];
    let mut length = content.len();
    while length > 0x7F {
        bytes.push(0x80 | length.to_le_bytes()[0] & 0x7F);
        length >>= 7;
    }
    bytes.push(length.to_le_bytes()[0]);
    bytes.extend(content);
    bytes
}
