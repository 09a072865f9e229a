//! Renders a picture's bytes as squares. Runs only inside the sandbox.

use std::{
    io::{self, Cursor},
    time::Instant,
};

use bytes::Bytes;
use data_encoding::BASE64;
use moxcms::Layout;
use pawdium_jpeg::{Colour, Component, Plane, Quality};

use super::{
    Crop, Fingerprint, Limits, MediaError, Refusal,
    colour::{self, ToSrgb},
    decode::{Pixels, Samples, decode},
    probe::{Probe, probe},
    square::{Square, scale, scale_rgb},
};

/// Edge lengths of the three sizes in pixels, largest first.
pub const EDGES: [u32; 3] = [1080, 540, 160];

/// Above this quality, files grow without a visible gain.
const QUALITY: Quality = Quality::new(80);

/// Edge of the square for the placeholder. A thumbhash keeps at most seven waves per side, so this is plenty.
const PLACEHOLDER_EDGE: u32 = 32;

/// One of the three sizes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The nominal size, one of [`EDGES`].
    pub edge: u32,
    /// Width in pixels, at most `edge`: a small crop isn't enlarged.
    pub width: u32,
    /// Height in pixels, equal to `width`.
    pub height: u32,
    /// The JPEG file: sRGB, without metadata.
    pub jpeg: Bytes,
}

/// A stage of rendering.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The file is checked and decoded.
    Decoded,
    /// The square is cut out, scaled, turned upright and converted to sRGB. Compression remains.
    Cropped,
}

impl Stage {
    /// All stages in order.
    pub(super) const ALL: [Self; 2] = [Self::Decoded, Self::Cropped];
}

/// A rendered picture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendered {
    /// Width of the upright original in pixels.
    pub width: u32,
    /// Height of the upright original in pixels.
    pub height: u32,
    /// The square that was cut out, chosen or centred.
    pub crop: Crop,
    /// One picture for each of [`EDGES`], in that order.
    pub pictures: Vec<Picture>,
    /// A thumbhash in base64, about 30 characters.
    pub placeholder: String,
    /// The perceptual hash; `None` if the picture has too few features.
    pub fingerprint: Option<Fingerprint>,
}

/// Checks, decodes, crops and compresses a picture. Calls `reached` at the end of each stage with the milliseconds
/// that it took.
///
/// Buffers are dropped as soon as they are no longer needed, the file too.
pub(super) fn render<S: AsRef<[u8]>>(
    source: S,
    crop: Option<Crop>,
    limits: &Limits,
    mut reached: impl FnMut(Stage, u32),
) -> Result<Rendered, Refusal> {
    let mut started = Instant::now();
    let mut reached = |stage| {
        let ms = started.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        reached(stage, ms);
        started = Instant::now();
    };
    let probe = probe(&mut Cursor::new(source.as_ref()), limits).map_err(|error| match error {
        MediaError::Refused(refusal) => refusal,
        MediaError::Io(error) if error.kind() == io::ErrorKind::OutOfMemory => Refusal::TooMuchMemory,
        // Reading from memory can't fail; the cursor only refuses offsets that overflow.
        MediaError::Io(_) => Refusal::Damaged,
    })?;
    let (width, height) = probe.upright_size();
    let crop = crop.unwrap_or_else(|| Crop::centred(width, height));
    crop.check(width, height, limits)?;

    let sides = EDGES.map(|edge| edge.min(crop.side));
    let stored = probe.orientation.stored_crop(crop, probe.width, probe.height);
    let pixels = decode(source.as_ref(), &probe, stored, sides[0], limits)?;
    drop(source);
    reached(Stage::Decoded);

    let large = cut(pixels, &probe, stored, sides[0])?.turned(probe.orientation);
    let medium = large.scaled(sides[1])?;
    let small = medium.scaled(sides[2])?;
    let squares = [large, medium, small];
    reached(Stage::Cropped);

    let mut pictures: Vec<Picture> = Vec::new();
    for (edge, square) in EDGES.into_iter().zip(&squares) {
        let jpeg = match pictures.last() {
            Some(last) if last.width == square.side() => last.jpeg.clone(),
            _ => compress(square)?,
        };
        pictures.push(Picture { edge, width: square.side(), height: square.side(), jpeg });
    }
    let placeholder = placeholder(&squares[2])?;
    let fingerprint = Fingerprint::of_luma(&squares[2].luma.samples, squares[2].luma.width);
    Ok(Rendered { width, height, crop, pictures, placeholder, fingerprint })
}

/// Scales the crop to a square of `side` pixels in sRGB, in stored orientation.
///
/// Colours are converted only after scaling: one megapixel instead of fifty.
fn cut(pixels: Pixels, probe: &Probe, crop: Crop, side: u32) -> Result<Square, Refusal> {
    let profile = pixels.profile.as_deref();
    match pixels.samples {
        Samples::Rgb(rgb) => {
            let crop = [crop.x, crop.y, crop.side, crop.side].map(f64::from);
            let scaled = scale_rgb(&rgb, (probe.width, probe.height), crop, side)?;
            drop(rgb);
            Ok(Square::from_rgb(&rgb_to_srgb(scaled, profile), side as usize))
        }
        Samples::Coded { components, matrix } => {
            let planes = scaled(components, [side; 3])?;
            let rgb = interleave(&planes).flat_map(|coded| matrix.rgb(coded)).collect();
            Ok(Square::from_rgb(&rgb_to_srgb(rgb, profile), side as usize))
        }
        Samples::Components { components, colour, inverted } => match colour {
            Colour::Grey => {
                let [luma] = scaled(components, [side])?;
                Ok(grey_to_srgb(luma, profile))
            }
            Colour::YCbCr => {
                let half = side.div_ceil(2);
                let [luma, blue, red] = scaled(components, [side, half, half])?;
                Ok(square_to_srgb(Square { luma, chroma: Some([blue, red]) }, profile))
            }
            Colour::Rgb => {
                let planes = scaled(components, [side; 3])?;
                let rgb = interleave(&planes).flatten().collect();
                Ok(Square::from_rgb(&rgb_to_srgb(rgb, profile), side as usize))
            }
            Colour::Cmyk | Colour::Ycck => {
                let planes = scaled(components, [side; 4])?;
                let inks = interleave(&planes).map(|stored| inks(stored, colour, inverted)).collect();
                Ok(Square::from_rgb(&inks_to_srgb(inks, profile), side as usize))
            }
        },
    }
}

/// Scales the crop of each component to a square of the given side.
fn scaled<const N: usize>(components: Vec<Component>, sides: [u32; N]) -> Result<[Plane; N], Refusal> {
    let squares = components.into_iter().zip(sides);
    let squares: Result<Vec<_>, _> =
        squares.map(|(component, side)| scale(&component.plane, component.crop, side)).collect();
    squares?.try_into().map_err(|_| Refusal::Damaged)
}

/// Interleaves planes to pixels.
fn interleave<const N: usize>(planes: &[Plane; N]) -> impl Iterator<Item = [u8; N]> {
    (0..planes[0].samples.len()).map(|at| std::array::from_fn(|plane| planes[plane].samples[at]))
}

/// Amount of each ink, 255 for full ink.
fn inks(stored: [u8; 4], colour: Colour, inverted: bool) -> [u8; 4] {
    let [first, second, third, black] = stored;
    let stored = if colour == Colour::Ycck {
        let [cyan, magenta, yellow] = colour::rgb_of_ycc([first, second, third]).map(|light| 255 - light);
        [cyan, magenta, yellow, black]
    } else {
        stored
    };
    if inverted { stored.map(|light| 255 - light) } else { stored }
}

fn rgb_to_srgb(rgb: Vec<u8>, profile: Option<&[u8]>) -> Vec<u8> {
    let converted = ToSrgb::from(profile, Layout::Rgb).and_then(|way| way.convert(&rgb, 3));
    converted.unwrap_or(rgb)
}

fn square_to_srgb(square: Square, profile: Option<&[u8]>) -> Square {
    let converted = ToSrgb::from(profile, Layout::Rgb).and_then(|way| way.convert(&square.to_rgb(), 3));
    match converted {
        Some(rgb) => Square::from_rgb(&rgb, square.luma.width),
        None => square,
    }
}

/// A profile for colours can accompany a grey picture and applies to it.
fn grey_to_srgb(luma: Plane, profile: Option<&[u8]>) -> Square {
    let convert = |layout, samples: &[u8], channels| {
        ToSrgb::from(profile, layout).and_then(|way| way.convert(samples, channels))
    };
    if let Some(rgb) = convert(Layout::Gray, &luma.samples, 1) {
        let samples = rgb.into_iter().step_by(3).collect();
        return Square { luma: Plane { samples, ..luma }, chroma: None };
    }
    let square = Square { luma, chroma: None };
    square_to_srgb(square, profile)
}

fn inks_to_srgb(inks: Vec<[u8; 4]>, profile: Option<&[u8]>) -> Vec<u8> {
    let converted = ToSrgb::from(profile, Layout::Rgba).and_then(|way| way.convert(inks.as_flattened(), 4));
    converted.unwrap_or_else(|| inks.into_iter().flat_map(colour::rgb_of_inks).collect())
}

fn compress(square: &Square) -> Result<Bytes, Refusal> {
    let chroma = square.chroma.as_ref().map(|[blue, red]| [blue, red]);
    let jpeg = pawdium_jpeg::encode(&square.luma, chroma, QUALITY).map_err(|_| Refusal::Damaged)?;
    Ok(jpeg.into())
}

fn placeholder(square: &Square) -> Result<String, Refusal> {
    let rgb = square.scaled(PLACEHOLDER_EDGE)?.to_rgb();
    let rgba: Vec<u8> = rgb.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], u8::MAX]).collect();
    let edge = PLACEHOLDER_EDGE as usize;
    Ok(BASE64.encode(&thumbhash::rgba_to_thumb_hash(edge, edge, &rgba)))
}

#[cfg(test)]
mod tests;
