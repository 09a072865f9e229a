//! Progressive pictures (T.81, annex G): coefficients gather scan by scan and are transformed at the end.

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

/// What the scans have told of one component so far.
pub(super) struct Store {
    layout: Layout,
    /// Blocks in a row of `places`: what interleaved scans fill up to whole MCUs.
    stride: usize,
    /// For each block, the places in zigzag order of coefficients that are not zero; refinements can't be read without.
    places: Vec<u64>,
    /// For each block of the window, the coefficients that its scale needs, in zigzag order.
    coefficients: Vec<i16>,
    /// Where those are.
    slots: Slots,
    /// For each place, the lowest bit that was told.
    told: [Option<u8>; 64],
}

/// Which coefficients are kept and where.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    /// A bit for each place that is kept.
    pub(super) keep: u64,
    /// For each place how many of those before it are kept.
    pub(super) index: [u8; 64],
}

impl Slots {
    fn new(scale: Scale) -> Self {
        let keep = scale.keep();
        let mut index = [0; 64];
        for (place, slot) in index.iter_mut().enumerate() {
            *slot = (keep & ((1 << place) - 1)).count_ones() as u8;
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

    /// Whether every bit of every coefficient was told.
    pub(super) fn complete(&self) -> bool {
        self.told.iter().all(|&bit| bit == Some(0))
    }

    /// Notes what `scan` is about to tell; refuses what can't follow from what was told before.
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

    /// Where the coefficients of the block in column `x` and row `y` are, if they are kept.
    #[inline(always)]
    fn kept(&mut self, (x, y): (u32, u32)) -> Option<&mut [i16]> {
        let (column, row) = self.layout.window.place(x, y)?;
        let size = self.layout.scale.side() * self.layout.scale.side();
        let from = (row * self.layout.window.width as usize + column) * size;
        self.coefficients.get_mut(from..from + size)
    }

    /// Transforms what was gathered.
    pub(super) fn plane(self, quantization: &[u16; 64]) -> Result<Plane, Error> {
        let transform = Transform::new(self.layout.scale, quantization);
        let mut plane = self.layout.plane()?;
        if let Some(level) = fearless_simd::Level::new().as_avx2() {
            use fearless_simd::Simd;
            level.vectorize(
                #[inline(always)]
                || self.transform(&transform, &mut plane),
            );
        } else {
            self.transform(&transform, &mut plane);
        }
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

/// Reads a scan, which begins where `segments` are; returns where to look for the next marker.
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
        bits: Bits::default(),
        restarts: Restarts::new(segments.tables.restart_interval),
        scan,
        found: Found::new(),
    };
    if let Some(level) = fearless_simd::Level::new().as_avx2() {
        use fearless_simd::Simd;
        return level.vectorize(
            #[inline(always)]
            || reader.read(&pass, stores, mcus),
        );
    }
    reader.read(&pass, stores, mcus)
}

/// What a scan does, with the tables that it needs.
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
    bits: Bits,
    restarts: Restarts,
    scan: &'a Scan,
    found: Found,
}

impl Reader<'_> {
    #[inline(always)]
    fn read(&mut self, pass: &Pass, stores: &mut [Store], mcus: (u32, u32)) -> Result<usize, Error> {
        match pass {
            Pass::DcFirst(tables) => self.dc(Some(tables), stores, mcus)?,
            Pass::DcRefine => self.dc(None, stores, mcus)?,
            Pass::AcFirst(table) => self
                .band(&mut stores[self.scan.components[0].0], |reader, run, store, at| {
                    reader.first(table, run, store, at)
                })?,
            Pass::AcRefine(table) => self
                .band(&mut stores[self.scan.components[0].0], |reader, run, store, at| {
                    reader.refine(table, run, store, at)
                })?,
        }
        Ok(self.stream.position())
    }

    /// Reads a scan of DC coefficients (G.1.2.1): the first with `tables`, one for each component.
    #[inline(always)]
    fn dc(&mut self, tables: Option<&[Table]>, stores: &mut [Store], mcus: (u32, u32)) -> Result<(), Error> {
        let scan = self.scan;
        let single = scan.components.len() == 1;
        let first = &stores[scan.components[0].0].layout;
        let (columns, rows) = if single { (first.wide, first.high) } else { mcus };
        let mut predictions = [0_i16; 4];
        for row in 0..rows {
            for column in 0..columns {
                if self.restarts.due() {
                    self.bits = self.restarts.pass(&self.bits, &mut self.stream)?;
                    predictions = [0; 4];
                }
                for (nth, &(index, ..)) in scan.components.iter().enumerate() {
                    let store = &mut stores[index];
                    let (wide, high) =
                        if single { (1, 1) } else { (store.layout.horizontal, store.layout.vertical) };
                    for y in row * high..(row + 1) * high {
                        for x in column * wide..(column + 1) * wide {
                            let Some(tables) = tables else {
                                self.bits.refill(&mut self.stream);
                                let bit = self.bits.take(1) as i16;
                                if let Some(block) = store.kept((x, y)) {
                                    block[0] |= bit << scan.low;
                                }
                                continue;
                            };
                            let difference =
                                block::difference(&mut self.bits, &mut self.stream, &tables[nth]);
                            let Ok(difference) = difference else {
                                return Err(self.bits.damage(&self.stream));
                            };
                            predictions[nth] = predictions[nth].wrapping_add(difference);
                            if let Some(block) = store.kept((x, y)) {
                                block[0] = predictions[nth] << scan.low;
                            }
                        }
                    }
                }
            }
            self.check()?;
        }
        Ok(())
    }

    /// Reads a scan of a band with `block`, which gets and leaves the run of blocks whose bands have ended.
    #[inline(always)]
    fn band(
        &mut self,
        store: &mut Store,
        block: impl Fn(&mut Self, &mut u32, &mut Store, (u32, u32)) -> Result<(), BadCode>,
    ) -> Result<(), Error> {
        let mut run = 0;
        for y in 0..store.layout.high {
            for x in 0..store.layout.wide {
                if self.restarts.due() {
                    self.bits = self.restarts.pass(&self.bits, &mut self.stream)?;
                    run = 0;
                }
                if block(self, &mut run, store, (x, y)).is_err() {
                    return Err(self.bits.damage(&self.stream));
                }
            }
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        if self.bits.overdrawn() { Err(self.bits.damage(&self.stream)) } else { Ok(()) }
    }

    /// The first scan of a band (G.1.2.2).
    #[inline(always)]
    fn first(
        &mut self,
        table: &Table,
        run: &mut u32,
        store: &mut Store,
        at: (u32, u32),
    ) -> Result<(), BadCode> {
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        let (first, last) = (u32::from(self.scan.first), u32::from(self.scan.last));
        self.bits.refill(&mut self.stream);
        let band = Band { first, last, keep: store.slots.keep };
        let ended = block::collect(&mut self.bits, &mut self.stream, table, band, &mut self.found)?;
        if ended.next >= END {
            *run = (1 << ended.step.size()) - 1 + ended.step.raw(ended.top);
        } else if ended.next > last + 1 {
            return Err(BadCode);
        }
        store.places[at.1 as usize * store.stride + at.0 as usize] |= ended.places;
        if !self.found.is_empty() {
            let (low, slots) = (self.scan.low, store.slots);
            if let Some(block) = store.kept(at) {
                for (place, value) in self.found.iter() {
                    block[usize::from(slots.index[place])] = value << low;
                }
            }
        }
        Ok(())
    }

    /// A later scan of a band (G.1.2.3).
    #[inline(always)]
    fn refine(
        &mut self,
        table: &Table,
        run: &mut u32,
        store: &mut Store,
        at: (u32, u32),
    ) -> Result<(), BadCode> {
        let known = &mut store.places[at.1 as usize * store.stride + at.0 as usize];
        let before = *known;
        let mut places = before;
        let slots = store.slots;
        let mut block = refine::Block { places: &mut places, coefficients: store.kept(at), slots: &slots };
        refine::block(&mut self.bits, &mut self.stream, table, self.scan, run, &mut block)?;
        if places != before {
            store.places[at.1 as usize * store.stride + at.0 as usize] = places;
        }
        Ok(())
    }
}
