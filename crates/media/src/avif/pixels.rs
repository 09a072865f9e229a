//! Decodes AV1 data to 8-bit planes. Runs only inside the sandbox.

use std::borrow::Cow;

use pawdium_av1::{Chroma, Colours, Decoder, Error, Picture, Samples as Row};
use pawdium_jpeg::{Colour, Component, Plane};

use super::{Avif, Extent, Image};
use crate::{
    Crop, Refusal,
    colour::{self, Matrix},
    decode::{Pixels, Samples, on_white},
};

/// HDR transfer characteristics of ITU-T H.273: PQ and HLG.
const HDR: [u8; 2] = [16, 18];
/// Matrix coefficients of ITU-T H.273: identity, and the three code points that equal JPEG's.
const IDENTITY: u8 = 0;
const LIKE_JPEG: [u8; 3] = [2, 5, 6];

impl Avif {
    /// Decodes the whole picture; `crop` selects the part that callers scale.
    pub(crate) fn decode(&self, source: &[u8], crop: Crop) -> Result<Pixels, Refusal> {
        let range = self.colours.map(|colours| colours.full_range);
        let mut canvas = Canvas::decoded(source, &self.colour, range, false)?;
        let colours = self.colours.unwrap_or(canvas.told);
        let profile = match &self.profile {
            Some(profile) => Some(profile.clone()),
            None if HDR.contains(&colours.transfer) => return Err(Refusal::HighDynamicRange),
            None => colour::profile_of(colours.primaries, colours.transfer),
        };
        if let Some(alpha) = &self.alpha {
            let alpha = Canvas::decoded(source, alpha, None, true)?.planes.swap_remove(0);
            let is_transparent = alpha.samples.iter().any(|&opacity| opacity != u8::MAX);
            if is_transparent && canvas.chroma == Chroma::None {
                canvas.lay_grey_on_white(&alpha, self.is_premultiplied);
            } else if is_transparent {
                let rgb = canvas.laid_on_white(colours, &alpha, self.is_premultiplied)?;
                return Ok(Pixels { samples: Samples::Rgb(rgb), profile });
            }
        }
        Ok(Pixels { samples: canvas.samples(colours, crop)?, profile })
    }
}

/// A picture in planes: luma, and Cb and Cr unless it is grey.
struct Canvas {
    planes: Vec<Plane>,
    chroma: Chroma,
    /// Bits per sample before conversion to 8 bits.
    depth: u8,
    /// Colour description from the bitstream.
    told: Colours,
    /// Maps samples to 8 bits, see [`table`].
    table: Vec<u8>,
}

/// Returns an item's data as one slice.
fn gathered<'a>(source: &'a [u8], extents: &[Extent]) -> Result<Cow<'a, [u8]>, Refusal> {
    let piece = |extent: &Extent| {
        let start = usize::try_from(extent.start).ok()?;
        source.get(start..start.checked_add(usize::try_from(extent.length).ok()?)?)
    };
    let pieces: Option<Vec<&[u8]>> = extents.iter().map(piece).collect();
    match pieces.ok_or(Refusal::Damaged)?.as_slice() {
        [piece] => Ok(Cow::Borrowed(piece)),
        pieces => Ok(Cow::Owned(pieces.concat())),
    }
}

/// Maps each of `count` sample values to 8 bits; empty if no mapping is needed. A plane without chroma (grey or
/// alpha) is expanded to full range.
#[expect(clippy::cast_possible_truncation, reason = "at most 255")]
fn table(depth: u8, full_range: bool, is_alone: bool) -> Vec<u8> {
    if depth == 8 && (full_range || !is_alone) {
        return Vec::new();
    }
    let shift = u32::from(depth.max(8)) - 8;
    let most = (256_u32 << shift) - 1;
    let (black, white) = (16 << shift, 235 << shift);
    let half = (1 << shift) >> 1;
    let eight = |value: u32| match (full_range, is_alone) {
        (true, _) => (value * 255 + most / 2) / most,
        (false, true) => {
            let above: u32 = value.clamp(black, white) - black;
            (above * 255 + (white - black) / 2) / (white - black)
        }
        (false, false) => ((value + half) >> shift).min(255),
    };
    (0..=most).map(|value| eight(value) as u8).collect()
}

impl Canvas {
    /// Decodes an image tile by tile. A range given by the container overrides the bitstream's.
    fn decoded(
        source: &[u8],
        image: &Image,
        full_range: Option<bool>,
        luma_alone: bool,
    ) -> Result<Self, Refusal> {
        let mut decoder = Decoder::new(image.tile.0, image.tile.1).map_err(refusal)?;
        let mut whole: Option<Self> = None;
        for (place, extents) in (0..).zip(&image.tiles) {
            let obus = gathered(source, extents)?;
            let tile = decoder.decode(&obus).map_err(refusal)?;
            let chroma = if luma_alone { Chroma::None } else { tile.chroma() };
            let canvas = if let Some(canvas) = &mut whole {
                canvas
            } else {
                whole.insert(Self::blank(image, &tile, chroma, full_range)?)
            };
            if (tile.depth(), chroma) != (canvas.depth, canvas.chroma) {
                return Err(Refusal::Damaged);
            }
            let (x, y) = (place % image.columns * image.tile.0, place / image.columns * image.tile.1);
            canvas.put(&tile, (x as usize, y as usize))?;
        }
        whole.ok_or(Refusal::Damaged)
    }

    /// A black canvas in the format of `tile`.
    fn blank(
        image: &Image,
        tile: &Picture<'_>,
        chroma: Chroma,
        full_range: Option<bool>,
    ) -> Result<Self, Refusal> {
        let (halves_columns, halves_rows) = chroma.halves();
        let (tile_width, tile_height) = image.tile;
        // Neighbouring tiles would share a chroma sample.
        let is_split = image.tiles.len() > 1;
        if is_split && (halves_columns && tile_width % 2 == 1 || halves_rows && tile_height % 2 == 1) {
            return Err(Refusal::Unsupported);
        }
        let plane = |halves: (bool, bool)| {
            let side = |side: u32, is_half: bool| if is_half { side.div_ceil(2) } else { side } as usize;
            let (width, height) = (side(image.width, halves.0), side(image.height, halves.1));
            Plane { width, height, samples: vec![0; width * height] }
        };
        let mut planes = vec![plane((false, false))];
        if chroma != Chroma::None {
            planes.extend([plane(chroma.halves()), plane(chroma.halves())]);
        }
        let told = tile.colours();
        let table = table(tile.depth(), full_range.unwrap_or(told.full_range), chroma == Chroma::None);
        Ok(Self { planes, chroma, depth: tile.depth(), told, table })
    }

    /// Copies the part of the tile that lies inside the canvas to (`x`, `y`).
    fn put(&mut self, tile: &Picture<'_>, (x, y): (usize, usize)) -> Result<(), Refusal> {
        let (halves_columns, halves_rows) = self.chroma.halves();
        for (number, plane) in self.planes.iter_mut().enumerate() {
            let is_chroma = number > 0;
            let x = x >> usize::from(is_chroma && halves_columns);
            let y = y >> usize::from(is_chroma && halves_rows);
            let (tile_width, tile_height) = tile.plane_size(number);
            let width = tile_width.min(plane.width.saturating_sub(x));
            let rows = plane.samples.chunks_exact_mut(plane.width).skip(y).take(tile_height);
            for (row, to) in rows.enumerate() {
                let to = &mut to[x..x + width];
                match tile.row(number, row).ok_or(Refusal::Damaged)? {
                    Row::Bytes(from) if self.table.is_empty() => to.copy_from_slice(&from[..width]),
                    Row::Bytes(from) => translate(to, from, &self.table),
                    Row::Words(from) => translate(to, from, &self.table),
                }
            }
        }
        Ok(())
    }

    /// Returns the planes as samples for scaling.
    fn samples(self, colours: Colours, crop: Crop) -> Result<Samples, Refusal> {
        let halves = self.chroma.halves();
        let component = |(number, plane)| {
            let half = |is_half: bool| if number > 0 && is_half { 0.5 } else { 1.0 };
            let (wide, high) = (half(halves.0), half(halves.1));
            let [x, y, side] = [crop.x, crop.y, crop.side].map(f64::from);
            Component { plane, crop: [x * wide, y * high, side * wide, side * high] }
        };
        let mut components: Vec<Component> = self.planes.into_iter().enumerate().map(component).collect();
        let as_they_are = |components, colour| Samples::Components { components, colour, inverted: false };
        Ok(match (self.chroma, colours.matrix) {
            (Chroma::None, _) => as_they_are(components, Colour::Grey),
            (_, matrix) if colours.full_range && LIKE_JPEG.contains(&matrix) => {
                as_they_are(components, Colour::YCbCr)
            }
            (Chroma::Full, IDENTITY) if colours.full_range => {
                // Green, blue, red.
                components.rotate_right(1);
                as_they_are(components, Colour::Rgb)
            }
            _ => Samples::Coded { components, matrix: matrix(self.chroma, colours)? },
        })
    }

    /// Composites a grey picture over white.
    fn lay_grey_on_white(&mut self, alpha: &Plane, is_premultiplied: bool) {
        for plane in &mut self.planes {
            for (grey, &opacity) in plane.samples.iter_mut().zip(&alpha.samples) {
                [*grey] = lay_on_white([*grey], opacity, is_premultiplied);
            }
        }
    }

    /// Composites the picture over white in RGB.
    fn laid_on_white(
        &self,
        colours: Colours,
        alpha: &Plane,
        is_premultiplied: bool,
    ) -> Result<Vec<u8>, Refusal> {
        let [luma, blue, red] = self.planes.as_slice() else { return Err(Refusal::Damaged) };
        let matrix = matrix(self.chroma, colours)?;
        let (halves_columns, halves_rows) = self.chroma.halves();
        let mut rgb = Vec::with_capacity(luma.samples.len() * 3);
        let rows = luma.samples.chunks_exact(luma.width).zip(alpha.samples.chunks_exact(luma.width));
        for (y, (row, alpha)) in rows.enumerate() {
            let line = |plane: &Plane| (y >> usize::from(halves_rows)) * plane.width;
            let (blue, red) = (&blue.samples[line(blue)..], &red.samples[line(red)..]);
            for (x, (&luma, &opacity)) in row.iter().zip(alpha).enumerate() {
                let half = x >> usize::from(halves_columns);
                let colour = matrix.rgb([luma, blue[half], red[half]]);
                rgb.extend(lay_on_white(colour, opacity, is_premultiplied));
            }
        }
        Ok(rgb)
    }
}

fn lay_on_white<const N: usize>(colour: [u8; N], opacity: u8, is_premultiplied: bool) -> [u8; N] {
    match opacity {
        u8::MAX => colour,
        0 => [u8::MAX; N],
        _ if is_premultiplied => colour.map(|sample| sample.saturating_add(u8::MAX - opacity)),
        opacity => on_white(colour, opacity),
    }
}

fn translate<T: Copy + Into<usize>>(to: &mut [u8], from: &[T], table: &[u8]) {
    for (to, &from) in to.iter_mut().zip(from) {
        // A sample above the picture's bit depth is a decoder bug; it shows as white.
        *to = table.get(from.into()).copied().unwrap_or(u8::MAX);
    }
}

fn matrix(chroma: Chroma, colours: Colours) -> Result<Matrix, Refusal> {
    let is_possible = colours.matrix != IDENTITY || chroma == Chroma::Full;
    Matrix::of(colours.matrix, colours.full_range).filter(|_| is_possible).ok_or(Refusal::Unsupported)
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Unsupported => Refusal::Unsupported,
        Error::Memory => Refusal::TooMuchMemory,
        Error::Damaged | Error::Size => Refusal::Damaged,
    }
}
