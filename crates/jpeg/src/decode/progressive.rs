//! Progressive decoding (T.81, annex G): scans accumulate coefficients, which are transformed at the end.

use super::bits::Bits;
use super::block::{self, BadCode, Band, Found};
use super::huffman::{END, Meaning, Table};
use super::idct::Transform;
use super::layout::{Layout, zeroed};
use super::refine;
use super::restart::Restarts;
use super::segments::{Scan, Segments, Tables, end_of_scan};
use super::stream::Stream;
use super::{Error, Scale};
use crate::Plane;
use crate::simd::vectorized;

/// The coefficients of one component so far.
pub(super) struct Store {
    layout: Layout,
    /// Blocks per row of `places`, padded to whole MCUs for interleaved scans.
    stride: usize,
    /// For each block, a mask of the nonzero coefficients in zigzag order. Refinement scans can't be parsed without
    /// it.
    places: Vec<u64>,
    /// For each block of the window, the coefficients that its scale needs, in zigzag order.
    coefficients: Vec<i16>,
    /// Positions of the kept coefficients.
    slots: Slots,
    /// For each zigzag index, the lowest bit decoded so far.
    told: [Option<u8>; 64],
}

/// Which coefficients are kept, and where.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    /// Mask of the kept indices.
    pub(super) keep: u64,
    /// For each kept index, the number of kept indices before it; otherwise 0.
    pub(super) index: [u8; 64],
}

impl Slots {
    fn new(scale: Scale) -> Self {
        let keep = scale.keep();
        let mut index = [0; 64];
        for (place, slot) in index.iter_mut().enumerate() {
            if keep >> place & 1 == 1 {
                *slot = (keep & ((1 << place) - 1)).count_ones() as u8;
            }
        }
        Self { keep, index }
    }
}

impl Store {
    /// One for each component.
    pub(super) fn all(layouts: &[Layout], mcus: (u32, u32)) -> Result<Vec<Self>, Error> {
        let store = |layout: &Layout| {
            let (stride, rows) = (mcus.0 * layout.horizontal, mcus.1 * layout.vertical);
            let side = layout.scale.side();
            Ok(Self {
                layout: *layout,
                stride: stride as usize,
                places: zeroed(stride as usize * rows as usize)?,
                coefficients: zeroed(layout.window.blocks() * side * side)?,
                slots: Slots::new(layout.scale),
                told: [None; 64],
            })
        };
        layouts.iter().map(store).collect()
    }

    /// Whether all bits of all coefficients are decoded.
    pub(super) fn complete(&self) -> bool {
        self.told.iter().all(|&bit| bit == Some(0))
    }

    /// Records what `scan` decodes. Refuses a scan that doesn't continue the earlier ones.
    fn expect(&mut self, scan: &Scan) -> Result<(), Error> {
        for told in &mut self.told[usize::from(scan.first)..=usize::from(scan.last)] {
            let follows = match *told {
                None => scan.high == 0,
                Some(low) => scan.high != 0 && low == scan.high,
            };
            if !follows {
                return Err(Error::Corrupt("a scan that does not go on where the last one ended"));
            }
            *told = Some(scan.low);
        }
        Ok(())
    }

    /// The state of the block at column `x` and row `y`.
    #[inline(always)]
    fn block(&mut self, (x, y): (u32, u32)) -> refine::Block<'_> {
        let size = self.layout.scale.side() * self.layout.scale.side();
        let coefficients = if let Some((column, row)) = self.layout.window.place(x, y) {
            let from = (row * self.layout.window.width as usize + column) * size;
            self.coefficients.get_mut(from..from + size)
        } else {
            None
        };
        let places = &mut self.places[y as usize * self.stride + x as usize];
        refine::Block { places, coefficients, slots: &self.slots }
    }

    /// Transforms the accumulated coefficients.
    pub(super) fn plane(self, quantization: &[u16; 64]) -> Result<Plane, Error> {
        let transform = Transform::new(self.layout.scale, quantization);
        let mut plane = self.layout.plane()?;
        vectorized(
            #[inline(always)]
            || self.transform(&transform, &mut plane),
        );
        Ok(plane)
    }

    #[inline(always)]
    fn transform(&self, transform: &Transform, plane: &mut Plane) {
        let (scale, window) = (self.layout.scale, self.layout.window);
        let (side, stride) = (scale.side(), plane.width);
        let mut blocks = self.coefficients.chunks_exact(side * side);
        let mut found = Found::new();
        for row in 0..window.height as usize {
            let first = (row + window.y as usize) * self.stride + window.x as usize;
            let places = &self.places[first..first + window.width as usize];
            for ((column, &places), block) in places.iter().enumerate().zip(&mut blocks) {
                found.clear();
                let mut left = places & self.slots.keep & !1;
                while left != 0 {
                    let place = left.trailing_zeros() as usize;
                    found.push(place, block[usize::from(self.slots.index[place])]);
                    left &= left - 1;
                }
                let out = &mut plane.samples[row * side * stride + column * side..];
                transform.write(scale, block[0], &found, out, stride);
            }
        }
    }
}

/// Decodes the scan at the position of `segments`. Returns the position for the next marker.
pub(super) fn scan(
    source: &[u8],
    segments: &Segments<'_>,
    scan: &Scan,
    stores: &mut [Store],
    mcus: (u32, u32),
) -> Result<usize, Error> {
    for &(index, ..) in &scan.components {
        stores[index].expect(scan)?;
    }
    if scan.first > 0
        && scan.components.iter().all(|&(index, ..)| stores[index].layout.scale == Scale::Eighth)
    {
        return end_of_scan(source, segments.position).ok_or(Error::Truncated);
    }
    let pass = Pass::new(scan, &segments.tables)?;
    let mut reader = Reader {
        stream: Stream::new(source, segments.position),
        restarts: Restarts::new(segments.tables.restart_interval),
        scan,
    };
    vectorized(
        #[inline(always)]
        || reader.read(&pass, stores, mcus),
    )
}

/// The kind of a scan with the tables it needs.
enum Pass {
    DcFirst(Vec<Table>),
    DcRefine,
    AcFirst(Table),
    AcRefine(Table),
}

impl Pass {
    fn new(scan: &Scan, tables: &Tables) -> Result<Self, Error> {
        const MISSING: Error = Error::Corrupt("a scan's Huffman table is missing");
        let dc =
            |&(_, dc, _): &(usize, usize, usize)| tables.dc[dc].as_ref().ok_or(MISSING)?.table(Meaning::Dc);
        if scan.first == 0 {
            return Ok(match scan.high {
                0 => Self::DcFirst(scan.components.iter().map(dc).collect::<Result<_, _>>()?),
                _ => Self::DcRefine,
            });
        }
        let table = tables.ac[scan.components[0].2].as_ref().ok_or(MISSING)?.table(Meaning::Band)?;
        Ok(if scan.high == 0 { Self::AcFirst(table) } else { Self::AcRefine(table) })
    }
}

struct Reader<'a> {
    stream: Stream<'a>,
    restarts: Restarts,
    scan: &'a Scan,
}

impl Reader<'_> {
    #[inline(always)]
    fn read(&mut self, pass: &Pass, stores: &mut [Store], mcus: (u32, u32)) -> Result<usize, Error> {
        let scan = self.scan;
        let index = scan.components[0].0;
        match pass {
            Pass::DcFirst(tables) => {
                self.dc(stores, mcus, |bits, stream, nth, prediction, block| {
                    let difference = block::difference(bits, stream, &tables[nth])?;
                    *prediction = prediction.wrapping_add(difference);
                    if let Some(coefficients) = block.coefficients {
                        coefficients[0] = *prediction << scan.low;
                    }
                    Ok(())
                })?;
            }
            Pass::DcRefine => {
                self.dc(stores, mcus, |bits, stream, _, _, block| {
                    bits.refill(stream);
                    let bit = bits.take(1) as i16;
                    if let Some(coefficients) = block.coefficients {
                        coefficients[0] |= bit << scan.low;
                    }
                    Ok(())
                })?;
            }
            Pass::AcFirst(table) => {
                let mut found = Found::new();
                self.band(&mut stores[index], |bits, stream, run, block| {
                    first(bits, stream, table, scan, run, block, &mut found)
                })?;
            }
            Pass::AcRefine(table) => {
                self.band(&mut stores[index], |bits, stream, run, mut block| {
                    refine::block(bits, stream, table, scan, run, &mut block)
                })?;
            }
        }
        Ok(self.stream.position())
    }

    /// Decodes a scan of DC coefficients (G.1.2.1). `read` gets the component's index in the scan, its previous
    /// coefficient and the block.
    #[inline(always)]
    fn dc(
        &mut self,
        stores: &mut [Store],
        mcus: (u32, u32),
        read: impl Fn(&mut Bits, &mut Stream<'_>, usize, &mut i16, refine::Block<'_>) -> Result<(), BadCode>,
    ) -> Result<(), Error> {
        let parts = &self.scan.components;
        let single = parts.len() == 1;
        let first = &stores[parts[0].0].layout;
        let (columns, rows) = if single { (first.wide, first.high) } else { mcus };
        let mut predictions = [0_i16; 4];
        let mut bits = Bits::default();
        for row in 0..rows {
            for column in 0..columns {
                if self.restarts.due() {
                    bits = self.restarts.pass(bits, &mut self.stream)?;
                    predictions = [0; 4];
                }
                for ((nth, &(index, ..)), prediction) in parts.iter().enumerate().zip(&mut predictions) {
                    let store = &mut stores[index];
                    let layout = store.layout;
                    let (wide, high) = if single { (1, 1) } else { (layout.horizontal, layout.vertical) };
                    for y in row * high..(row + 1) * high {
                        for x in column * wide..(column + 1) * wide {
                            let block = store.block((x, y));
                            if read(&mut bits, &mut self.stream, nth, prediction, block).is_err() {
                                return Err(bits.damage(&self.stream));
                            }
                        }
                    }
                }
            }
            if bits.overdrawn() {
                return Err(bits.damage(&self.stream));
            }
        }
        Ok(())
    }

    /// Decodes a scan of a band. `read` gets the block, and gets and updates the end-of-band run.
    #[inline(always)]
    fn band(
        &mut self,
        store: &mut Store,
        mut read: impl FnMut(&mut Bits, &mut Stream<'_>, &mut u32, refine::Block<'_>) -> Result<(), BadCode>,
    ) -> Result<(), Error> {
        let mut run = 0;
        let mut bits = Bits::default();
        for y in 0..store.layout.high {
            for x in 0..store.layout.wide {
                if self.restarts.due() {
                    bits = self.restarts.pass(bits, &mut self.stream)?;
                    run = 0;
                }
                if read(&mut bits, &mut self.stream, &mut run, store.block((x, y))).is_err() {
                    return Err(bits.damage(&self.stream));
                }
            }
            if bits.overdrawn() {
                return Err(bits.damage(&self.stream));
            }
        }
        Ok(())
    }
}

/// Decodes a block of a band's first scan (G.1.2.2).
#[inline(always)]
fn first(
    bits: &mut Bits,
    stream: &mut Stream<'_>,
    table: &Table,
    scan: &Scan,
    run: &mut u32,
    block: refine::Block<'_>,
    found: &mut Found,
) -> Result<(), BadCode> {
    if *run > 0 {
        *run -= 1;
        return Ok(());
    }
    bits.refill(stream);
    let band = Band { first: scan.first.into(), last: scan.last.into(), keep: block.slots.keep };
    let ended = block::collect(bits, stream, table, band, found)?;
    if ended.next >= END {
        *run = (1 << ended.step.size()) - 1 + ended.step.raw(ended.top);
    } else if ended.next > band.last + 1 {
        return Err(BadCode);
    }
    *block.places |= ended.places;
    if let Some(coefficients) = block.coefficients {
        for (place, value) in found.iter() {
            coefficients[usize::from(block.slots.index[place])] = value << scan.low;
        }
    }
    Ok(())
}
