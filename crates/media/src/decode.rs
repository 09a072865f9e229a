//! Decodes a picture's bytes to pixels. Runs only inside the sandbox.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
};
use pawdium_jpeg::{Colour, Component, Decoder, Header, Plane, Region, Scale};

use super::{
    Crop, Format, Limits, Refusal,
    apng::{self, Frame},
    avif,
    colour::Matrix,
    probe::Probe,
};

/// Bytes for a PNG's chunks other than pixels, including the inflated colour profile.
///
/// A hostile file may consist of such chunks only. A profile that doesn't fit is ignored.
const MAX_PNG_CHUNKS: u64 = 32 << 20;

/// A picture's pixels in stored orientation.
pub(super) struct Pixels {
    pub(super) samples: Samples,
    /// The embedded ICC profile.
    pub(super) profile: Option<Vec<u8>>,
}

/// Pixels in the form that the format's decoder yields.
pub(super) enum Samples {
    /// Components that cover the crop, each possibly decoded at a fraction of its size.
    Components {
        components: Vec<Component>,
        colour: Colour,
        /// Whether 255 means no ink.
        inverted: bool,
    },
    /// Like `Components`, with three components that `matrix` converts to RGB.
    Coded { components: Vec<Component>, matrix: Matrix },
    /// The whole picture in RGB, composited over white.
    Rgb(Vec<u8>),
}

/// Decodes what `crop` (in stored pixels) shows, in enough detail for a square of `side` pixels.
///
/// Reads the whole file, so truncated files are refused. So are damaged ones, except for a JPEG whose damage is
/// below the crop.
pub(super) fn decode(
    source: &[u8],
    probe: &Probe,
    crop: Crop,
    side: u32,
    limits: &Limits,
) -> Result<Pixels, Refusal> {
    match probe.format {
        Format::Jpeg => decode_jpeg(source, probe, crop, side),
        Format::Avif => avif::read_slice(source, limits)?.decode(source, crop),
        Format::Png => match apng::first_frame(source) {
            None => Ok(flatten(png_decoder(source)?, (probe.width, probe.height))?.pixels(probe, crop)),
            Some(frame) => decode_frame(&frame, probe, crop),
        },
        Format::WebP => {
            let mut decoder = WebPDecoder::new(Cursor::new(source)).map_err(|error| refusal(&error))?;
            // Used where an animation's first frame leaves the canvas free. Still pictures have no background.
            let _ = decoder.set_background_color(image::Rgba([u8::MAX; 4]));
            Ok(flatten(decoder, (probe.width, probe.height))?.pixels(probe, crop))
        }
        Format::Gif => {
            let decoder = GifDecoder::new(Cursor::new(source)).map_err(|error| refusal(&error))?;
            Ok(flatten(decoder, (probe.width, probe.height))?.pixels(probe, crop))
        }
    }
}

fn png_decoder(source: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, Refusal> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_PNG_CHUNKS);
    PngDecoder::with_limits(Cursor::new(source), limits).map_err(|error| refusal(&error))
}

fn decode_frame(frame: &Frame, probe: &Probe, crop: Crop) -> Result<Pixels, Refusal> {
    let [_, _, width, height] = frame.area;
    let Flat { samples, channels, profile } = flatten(png_decoder(&frame.png)?, (width, height))?;
    let samples = frame.place(samples, channels, (probe.width, probe.height));
    Ok(Flat { samples, channels, profile }.pixels(probe, crop))
}

fn decode_jpeg(source: &[u8], probe: &Probe, crop: Crop, side: u32) -> Result<Pixels, Refusal> {
    let decoder = Decoder::new(source).map_err(jpeg_refusal)?;
    let header = decoder.header();
    if (header.width, header.height) != (probe.width, probe.height) {
        return Err(Refusal::Damaged);
    }
    let scales: Vec<_> =
        (0..header.components.len()).map(|number| enough(header, number, crop, side)).collect();
    let region = Region { x: crop.x, y: crop.y, width: crop.side, height: crop.side };
    let components = decoder.decode_at(region, &scales).map_err(jpeg_refusal)?;
    let samples = Samples::Components { components, colour: header.colour, inverted: header.inverted };
    Ok(Pixels { samples, profile: header.icc.clone() })
}

/// The smallest scale at which a component still has as many samples as the square needs.
fn enough(header: &Header<'_>, number: usize, crop: Crop, side: u32) -> Scale {
    let component = header.components[number];
    let is_halved = header.colour == Colour::YCbCr && number > 0;
    let wanted = if is_halved { side.div_ceil(2) } else { side };
    // At scale 1/8 the crop has 1/8 of its samples per side.
    let samples = |share: u8, of: u8| u64::from(crop.side) * u64::from(share) / u64::from(of.max(1));
    let wide = samples(component.horizontal, header.horizontal());
    let high = samples(component.vertical, header.vertical());
    let fits = |scale: &Scale| wide.min(high) * scale.side() as u64 / 8 >= u64::from(wanted);
    [Scale::Eighth, Scale::Quarter, Scale::Half].into_iter().find(fits).unwrap_or(Scale::Full)
}

fn jpeg_refusal(error: pawdium_jpeg::Error) -> Refusal {
    match error {
        pawdium_jpeg::Error::Unsupported(_) => Refusal::Unsupported,
        pawdium_jpeg::Error::Memory => Refusal::TooMuchMemory,
        _ => Refusal::Damaged,
    }
}

/// An opaque picture with 8 bits per sample.
struct Flat {
    samples: Vec<u8>,
    /// Samples per pixel: 1 for grey, otherwise 3.
    channels: usize,
    profile: Option<Vec<u8>>,
}

/// Decodes a picture of this size with a decoder of the `image` crate and composites it over white.
fn flatten(mut decoder: impl ImageDecoder, size: (u32, u32)) -> Result<Flat, Refusal> {
    if decoder.dimensions() != size {
        return Err(Refusal::Damaged);
    }
    let profile = decoder.icc_profile().ok().flatten();
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let colours = picture.color();
    let (channels, samples) = match (colours.has_color(), colours.has_alpha()) {
        (true, true) => (3, lay_on_white(picture.into_rgba8().into_raw())),
        (true, false) => (3, picture.into_rgb8().into_raw()),
        (false, true) => (1, lay_grey_on_white(&picture.into_luma_alpha8().into_raw())),
        (false, false) => (1, picture.into_luma8().into_raw()),
    };
    if samples.len() != size.0 as usize * size.1 as usize * channels {
        return Err(Refusal::Damaged);
    }
    Ok(Flat { samples, channels, profile })
}

impl Flat {
    /// The whole picture.
    fn pixels(self, probe: &Probe, crop: Crop) -> Pixels {
        let Self { samples, channels, profile } = self;
        let samples = if channels == 3 { Samples::Rgb(samples) } else { grey(samples, probe, crop) };
        Pixels { samples, profile }
    }
}

/// A whole picture with one byte per pixel.
fn grey(samples: Vec<u8>, probe: &Probe, crop: Crop) -> Samples {
    let plane = Plane { width: probe.width as usize, height: probe.height as usize, samples };
    let crop = [crop.x, crop.y, crop.side, crop.side].map(f64::from);
    Samples::Components { components: vec![Component { plane, crop }], colour: Colour::Grey, inverted: false }
}

fn refusal(error: &ImageError) -> Refusal {
    match error {
        ImageError::Unsupported(_) => Refusal::Unsupported,
        ImageError::Limits(_) => Refusal::TooMuchMemory,
        _ => Refusal::Damaged,
    }
}

/// Composites RGBA over white, in place.
fn lay_on_white(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / 4;
    for at in 0..count {
        let colour = [pixels[at * 4], pixels[at * 4 + 1], pixels[at * 4 + 2]];
        let laid = match pixels[at * 4 + 3] {
            u8::MAX => colour,
            0 => [u8::MAX; 3],
            opacity => on_white(colour, opacity),
        };
        pixels[at * 3..at * 3 + 3].copy_from_slice(&laid);
    }
    pixels.truncate(count * 3);
    pixels
}

/// Composites grey with alpha over white.
fn lay_grey_on_white(pixels: &[u8]) -> Vec<u8> {
    let (pixels, _) = pixels.as_chunks();
    pixels.iter().map(|&[grey, opacity]| on_white([grey], opacity)[0]).collect()
}

/// Composites a colour that isn't premultiplied over white.
#[expect(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
pub(super) fn on_white<const N: usize>(colour: [u8; N], opacity: u8) -> [u8; N] {
    let opacity = u32::from(opacity);
    colour.map(|sample| ((u32::from(sample) * opacity + 255 * (255 - opacity) + 127) / 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_is_white_and_opaque_keeps_its_colour() {
        assert_eq!(on_white([10, 200, 0], 0), [255, 255, 255]);
        assert_eq!(on_white([10, 200, 0], 255), [10, 200, 0]);
        assert_eq!(on_white([0, 0, 0], 128), [127, 127, 127]);
        let pixels = vec![10, 200, 0, 0, 10, 200, 0, 255, 0, 0, 0, 128];
        assert_eq!(lay_on_white(pixels), [255, 255, 255, 10, 200, 0, 127, 127, 127]);
        assert_eq!(lay_grey_on_white(&[10, 0, 10, 255, 0, 128]), [255, 10, 127]);
    }
}
