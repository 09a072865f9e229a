//! Sequential scans (T.81, F.2). Each block is transformed as soon as it is read.

use super::bits::Bits;
use super::block::{self, BadCode, Band, Found};
use super::huffman::{END, Meaning, Skipper, Table};
use super::idct::Transform;
use super::layout::Layout;
use super::restart::Restarts;
use super::segments::{Tables, end_of_scan};
use super::stream::Stream;
use super::{Error, Scale};
use crate::Plane;
use crate::simd::vectorized;

/// A component of a scan.
pub(super) struct Part<'a> {
    layout: Layout,
    dc: Table,
    ac: Table,
    skipper: Skipper,
    transform: Transform,
    prediction: i16,
    plane: &'a mut Plane,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        layout: Layout,
        quantization: &[u16; 64],
        tables: &Tables,
        (dc, ac): (usize, usize),
        plane: &'a mut Plane,
    ) -> Result<Self, Error> {
        const MISSING: Error = Error::Corrupt("a scan's Huffman table is missing");
        let dc = tables.dc[dc].as_ref().ok_or(MISSING)?.table(Meaning::Dc)?;
        let ac = tables.ac[ac].as_ref().ok_or(MISSING)?.table(Meaning::Ac)?;
        let transform = Transform::new(layout.scale, quantization);
        Ok(Self { layout, dc, skipper: ac.skipper(), ac, transform, prediction: 0, plane })
    }

    /// Decodes the block at column `x` and row `y`.
    #[inline(always)]
    fn block(
        &mut self,
        bits: &mut Bits,
        stream: &mut Stream<'_>,
        found: &mut Found,
        (x, y): (u32, u32),
    ) -> Result<(), BadCode> {
        let difference = block::difference(bits, stream, &self.dc)?;
        self.prediction = self.prediction.wrapping_add(difference);
        let Some((x, y)) = self.layout.window.place(x, y) else {
            return block::skip(bits, stream, &self.ac, &self.skipper, 1);
        };
        let scale = self.layout.scale;
        match scale {
            Scale::Full => self.coefficients(bits, stream, found, const { Band::of(Scale::Full) })?,
            Scale::Half => self.coefficients(bits, stream, found, const { Band::of(Scale::Half) })?,
            Scale::Quarter => self.coefficients(bits, stream, found, const { Band::of(Scale::Quarter) })?,
            Scale::Eighth => {
                found.clear();
                block::skip(bits, stream, &self.ac, &self.skipper, 1)?;
            }
        }
        let side = scale.side();
        let stride = self.plane.width;
        let out = &mut self.plane.samples[y * side * stride + x * side..];
        self.transform.write(scale, self.prediction, found, out, stride);
        Ok(())
    }

    /// Collects the AC coefficients of a block that are in `band`.
    #[inline(always)]
    fn coefficients(
        &self,
        bits: &mut Bits,
        stream: &mut Stream<'_>,
        found: &mut Found,
        band: Band,
    ) -> Result<(), BadCode> {
        let ended = block::collect(bits, stream, &self.ac, band, found)?;
        if ended.next < 64 {
            block::skip(bits, stream, &self.ac, &self.skipper, ended.next)
        } else if ended.next > 64 && ended.next < END {
            Err(BadCode)
        } else {
            Ok(())
        }
    }
}

/// Decodes a scan of `parts` from `stream`. Returns the position for the next marker.
pub(super) fn scan(
    mut stream: Stream<'_>,
    parts: &mut [Part<'_>],
    mcus: (u32, u32),
    restart_interval: u32,
) -> Result<usize, Error> {
    vectorized(
        #[inline(always)]
        || rows(&mut stream, parts, mcus, restart_interval),
    )
}

#[inline(always)]
fn rows(
    stream: &mut Stream<'_>,
    parts: &mut [Part<'_>],
    mcus: (u32, u32),
    restart_interval: u32,
) -> Result<usize, Error> {
    let mut bits = Bits::default();
    let mut found = Found::new();
    let mut restarts = Restarts::new(restart_interval);
    let (columns, rows) = match parts {
        [part] => (part.layout.wide, part.layout.high),
        _ => mcus,
    };
    // In a scan of one component, an MCU is one block.
    let single = parts.len() == 1;
    let size = |layout: &Layout| if single { (1, 1) } else { (layout.horizontal, layout.vertical) };
    let needed = parts.iter().map(|part| part.layout.window.bottom().div_ceil(size(&part.layout).1)).max();
    for row in 0..rows {
        if Some(row) == needed
            && let Some(end) = end_of_scan(stream.source(), stream.position())
        {
            return Ok(end);
        }
        for column in 0..columns {
            if restarts.due() {
                bits = restarts.pass(bits, stream)?;
                for part in parts.iter_mut() {
                    part.prediction = 0;
                }
            }
            for part in parts.iter_mut() {
                let (wide, high) = size(&part.layout);
                for y in row * high..(row + 1) * high {
                    for x in column * wide..(column + 1) * wide {
                        if part.block(&mut bits, stream, &mut found, (x, y)).is_err() {
                            return Err(bits.damage(stream));
                        }
                    }
                }
            }
        }
        if bits.overdrawn() {
            return Err(bits.damage(stream));
        }
    }
    Ok(stream.position())
}
