//! From a picture's bytes to the squares that are shown. Runs only inside of the sandbox.

use std::{io::Cursor, time::Instant};

use bytes::Bytes;
use data_encoding::BASE64;
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::{
    Crop, Fingerprint, Limits, MediaError, Refusal,
    decode::{Pixels, decode},
    probe::{Probe, probe},
};

/// The edges in pixels of the three sizes that are shown, largest first.
pub const EDGES: [u32; 3] = [1080, 540, 160];

/// JPEG quality on libjpeg's scale; above it, files grow faster than anyone sees.
const QUALITY: u8 = 85;

/// The edge of the square that the placeholder is computed from; thumbhash takes at most 100.
const PLACEHOLDER_EDGE: u32 = 96;

/// One of the three sizes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The size that it stands for: one of [`EDGES`].
    pub edge: u32,
    /// Pixels, `edge` or fewer: a small crop isn't enlarged.
    pub width: u32,
    /// Pixels, as many as `width`.
    pub height: u32,
    /// The file: sRGB, no metadata.
    pub jpeg: Bytes,
}

/// A step of the way from upload to squares.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// Format, size and crop were found to be good.
    Checked,
    /// The file became pixels.
    Decoded,
    /// The square was cut out, scaled, turned upright and its colours converted.
    Cropped,
    /// The sizes became JPEG files.
    Compressed,
}

impl StepName {
    /// The name as the photo's timeline keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Decoded => "decoded",
            Self::Cropped => "cropped",
            Self::Compressed => "compressed",
        }
    }
}

/// A step and how long it took.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Step {
    /// Which step.
    pub name: StepName,
    /// Milliseconds.
    pub ms: u32,
}

/// What became of a picture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendered {
    /// Pixels of the whole upright source.
    pub width: u32,
    /// Pixels of the whole upright source.
    pub height: u32,
    /// The square that was cut out: the chosen one, or the centred one.
    pub crop: Crop,
    /// One entry for each of [`EDGES`], in their order.
    pub pictures: Vec<Picture>,
    /// A thumbhash in base64, about 30 characters.
    pub placeholder: String,
    /// What the square looks like; none where it has no features.
    pub fingerprint: Option<Fingerprint>,
    /// In the order in which they were taken.
    pub steps: Vec<Step>,
}

/// Checks, decodes, crops and compresses a picture.
pub(super) fn render(source: &[u8], crop: Option<Crop>, limits: &Limits) -> Result<Rendered, Refusal> {
    let mut clock = Clock::start();
    let probe = probe(&mut Cursor::new(source), limits).map_err(|error| match error {
        MediaError::Refused(refusal) => refusal,
        // Memory can't fail to be read; the cursor only refuses offsets that overflow.
        MediaError::Io(_) => Refusal::Damaged,
    })?;
    let (width, height) = probe.upright_size();
    let crop = crop.unwrap_or_else(|| Crop::centred(width, height));
    crop.check(width, height, limits)?;
    clock.tick(StepName::Checked);

    let pixels = decode(source, &probe)?;
    clock.tick(StepName::Decoded);

    let squares = cut(&pixels, &probe, crop)?;
    clock.tick(StepName::Cropped);

    let mut pictures: Vec<Picture> = Vec::new();
    for (edge, square) in EDGES.into_iter().zip(&squares) {
        let jpeg = match pictures.last() {
            Some(last) if last.width == square.side => last.jpeg.clone(),
            _ => compress(square)?,
        };
        pictures.push(Picture { edge, width: square.side, height: square.side, jpeg });
    }
    let placeholder = placeholder(&squares[2])?;
    let fingerprint = Fingerprint::of_rgb(&squares[2].rgb, squares[2].side as usize);
    clock.tick(StepName::Compressed);
    Ok(Rendered { width, height, crop, pictures, placeholder, fingerprint, steps: clock.steps })
}

/// A square of 8-bit RGB pixels.
struct Square {
    side: u32,
    rgb: Vec<u8>,
}

/// Cuts out the crop in each of the sizes, upright and in sRGB.
///
/// Only the largest is made from the source, the others from the next larger one; turning and colour conversion, too,
/// then touch a million pixels instead of fifty.
fn cut(pixels: &Pixels, probe: &Probe, crop: Crop) -> Result<[Square; 3], Refusal> {
    let source = ImageRef::new(pixels.width, pixels.height, &pixels.rgb, PixelType::U8x3)
        .map_err(|_| Refusal::Damaged)?;
    let sides = EDGES.map(|edge| edge.min(crop.side));
    let stored = probe.orientation.stored_crop(crop, pixels.width, pixels.height);
    let rgb = scale(&source, stored, sides[0])?;
    let rgb = probe.orientation.turn_square(to_srgb(rgb, pixels.profile.as_deref()), sides[0]);
    let large = Square { side: sides[0], rgb };
    let medium = large.scaled(sides[1])?;
    let small = medium.scaled(sides[2])?;
    Ok([large, medium, small])
}

impl Square {
    fn scaled(&self, side: u32) -> Result<Self, Refusal> {
        let source =
            ImageRef::new(self.side, self.side, &self.rgb, PixelType::U8x3).map_err(|_| Refusal::Damaged)?;
        Ok(Self { side, rgb: scale(&source, Crop { x: 0, y: 0, side: self.side }, side)? })
    }
}

fn scale(source: &ImageRef<'_>, crop: Crop, side: u32) -> Result<Vec<u8>, Refusal> {
    let mut scaled = Image::new(side, side, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
        crop.x.into(),
        crop.y.into(),
        crop.side.into(),
        crop.side.into(),
    );
    Resizer::new().resize(source, &mut scaled, &options).map_err(|_| Refusal::Damaged)?;
    Ok(scaled.into_vec())
}

/// Converts from the embedded profile. A profile that is broken or not for RGB leaves the colours as they are, which is
/// what browsers do.
fn to_srgb(rgb: Vec<u8>, profile: Option<&[u8]>) -> Vec<u8> {
    let Some(profile) = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok()) else {
        return rgb;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return rgb;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options) else {
        return rgb;
    };
    let mut converted = vec![0; rgb.len()];
    if transform.transform(&rgb, &mut converted).is_ok() { converted } else { rgb }
}

fn compress(square: &Square) -> Result<Bytes, Refusal> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    // With optimised tables this encoder writes either a progressive file or one scan for each component; the former
    // shows early, and our own decoder reads it back.
    encoder.set_optimized_huffman_tables(true);
    encoder.set_progressive(true);
    let side = u16::try_from(square.side).map_err(|_| Refusal::Damaged)?;
    encoder.encode(&square.rgb, side, side, ColorType::Rgb).map_err(|_| Refusal::Damaged)?;
    Ok(jpeg.into())
}

fn placeholder(square: &Square) -> Result<String, Refusal> {
    let tiny = square.scaled(PLACEHOLDER_EDGE)?;
    let rgba: Vec<u8> = tiny.rgb.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], u8::MAX]).collect();
    let edge = PLACEHOLDER_EDGE as usize;
    Ok(BASE64.encode(&thumbhash::rgba_to_thumb_hash(edge, edge, &rgba)))
}

/// Measures steps that follow each other.
struct Clock {
    last: Instant,
    steps: Vec<Step>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), steps: Vec::new() }
    }

    fn tick(&mut self, name: StepName) {
        let now = Instant::now();
        let ms = u32::try_from((now - self.last).as_millis()).unwrap_or(u32::MAX);
        self.steps.push(Step { name, ms });
        self.last = now;
    }
}
