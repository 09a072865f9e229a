//! From the bytes of a picture to its pixels. Runs only inside of the sandbox.

use std::{borrow::Cow, io::Cursor};

use image::{
    DynamicImage, ImageDecoder, ImageError, Limits,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, SampleRatios, errors::DecodeErrors};

use super::{
    Refusal, jpeg,
    probe::{Format, Probe},
};

/// Bytes that a PNG's chunks other than its pixels may take, of which a colour profile is inflated.
///
/// All of a file may be such chunks; a profile that doesn't fit then is left out.
const MAX_PNG_CHUNKS: u64 = 64 << 20;

/// The pixels of a picture as it is stored.
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Three bytes a pixel, row by row; what was transparent lies on white.
    pub(super) rgb: Vec<u8>,
    /// The ICC profile that the colours are meant in, where one is embedded.
    pub(super) profile: Option<Vec<u8>>,
}

/// Decodes a picture that was probed. Its size is what the probe said, or it is refused.
pub(super) fn decode(source: &[u8], probe: &Probe) -> Result<Pixels, Refusal> {
    let pixels = match probe.format {
        Format::Jpeg => decode_jpeg(source)?,
        Format::Png => {
            let mut limits = Limits::no_limits();
            limits.max_alloc = Some(MAX_PNG_CHUNKS);
            let decoder = PngDecoder::with_limits(Cursor::new(source), limits);
            flatten(decoder.map_err(|error| refusal(&error))?, probe)?
        }
        Format::WebP => {
            flatten(WebPDecoder::new(Cursor::new(source)).map_err(|error| refusal(&error))?, probe)?
        }
        Format::Gif => {
            flatten(GifDecoder::new(Cursor::new(source)).map_err(|error| refusal(&error))?, probe)?
        }
    };
    let expected = u64::from(probe.width) * u64::from(probe.height) * 3;
    let same_size = (pixels.width, pixels.height) == (probe.width, probe.height);
    if same_size && pixels.rgb.len() as u64 == expected { Ok(pixels) } else { Err(Refusal::Damaged) }
}

fn decode_jpeg(source: &[u8]) -> Result<Pixels, Refusal> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB).set_strict_mode(true);
    let source = expose_missing_data(source)?;
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(source.as_ref()), options);
    decoder.decode_headers().map_err(|error| jpeg_refusal(&error))?;
    let info = decoder.info().ok_or(Refusal::Damaged)?;
    let colours = decoder.input_colorspace();
    // zune-jpeg 0.5.15 decodes subsampled CMYK to wrong colours, without an error; nothing common writes it.
    if colours == Some(ColorSpace::CMYK) && info.sample_ratio != SampleRatios::None {
        return Err(Refusal::Unsupported);
    }
    // A profile for CMYK or grey doesn't describe the RGB that the decoder makes of them.
    let is_colour = matches!(colours, Some(ColorSpace::YCbCr | ColorSpace::RGB));
    let profile = decoder.icc_profile().filter(|_| is_colour);
    let rgb = decoder.decode().map_err(|error| jpeg_refusal(&error))?;
    Ok(Pixels { width: info.width.into(), height: info.height.into(), rgb, profile })
}

/// Takes the end-of-image marker from a baseline JPEG.
///
/// The decoder goes on with grey where that marker comes too early, but fails where the file ends too early. A few
/// zeros stand in for the marker, since the decoder reads ahead. A progressive picture keeps its marker, which the
/// decoder looks for; one without its last scans is whole, if blurred.
fn expose_missing_data(source: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    const READ_AHEAD: [u8; 16] = [0; 16];
    let anatomy = jpeg::walk(&mut Cursor::new(source)).map_err(|_| Refusal::Damaged)?;
    if anatomy.segments.iter().any(|segment| segment.marker == jpeg::PROGRESSIVE) {
        return Ok(source.into());
    }
    let end = usize::try_from(anatomy.end).map_err(|_| Refusal::Damaged)?;
    let data = source.get(..end.saturating_sub(2)).ok_or(Refusal::Damaged)?;
    Ok([data, &READ_AHEAD].concat().into())
}

fn jpeg_refusal(error: &DecodeErrors) -> Refusal {
    match error {
        DecodeErrors::Unsupported(_) => Refusal::Unsupported,
        _ => Refusal::Damaged,
    }
}

/// Decodes with one of `image`'s decoders and lays what is transparent on white.
fn flatten(mut decoder: impl ImageDecoder, probe: &Probe) -> Result<Pixels, Refusal> {
    if decoder.dimensions() != (probe.width, probe.height) {
        return Err(Refusal::Damaged);
    }
    let profile = decoder.icc_profile().ok().flatten();
    let rgb = match DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))? {
        DynamicImage::ImageRgb8(picture) => picture.into_raw(),
        DynamicImage::ImageLuma8(picture) => each(picture.as_raw(), |&[grey]| [grey; 3]),
        DynamicImage::ImageLumaA8(picture) => each(picture.as_raw(), |&[grey, a]| on_white([grey; 3], a)),
        DynamicImage::ImageRgba8(picture) => each(picture.as_raw(), |&[r, g, b, a]| on_white([r, g, b], a)),
        DynamicImage::ImageRgb16(picture) => each(picture.as_raw(), |deep: &[u16; 3]| deep.map(to_8_bits)),
        DynamicImage::ImageLuma16(picture) => each(picture.as_raw(), |&[grey]| [to_8_bits(grey); 3]),
        DynamicImage::ImageLumaA16(picture) => {
            each(picture.as_raw(), |&[grey, a]| on_white([to_8_bits(grey); 3], to_8_bits(a)))
        }
        DynamicImage::ImageRgba16(picture) => {
            each(picture.as_raw(), |&[r, g, b, a]| on_white([r, g, b].map(to_8_bits), to_8_bits(a)))
        }
        _ => return Err(Refusal::Unsupported),
    };
    Ok(Pixels { width: probe.width, height: probe.height, rgb, profile })
}

fn refusal(error: &ImageError) -> Refusal {
    match error {
        ImageError::Unsupported(_) => Refusal::Unsupported,
        _ => Refusal::Damaged,
    }
}

/// Makes an RGB pixel of every `N` samples.
fn each<T, const N: usize>(samples: &[T], pixel: impl Fn(&[T; N]) -> [u8; 3]) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks::<N>();
    let mut rgb = Vec::with_capacity(pixels.len() * 3);
    for samples in pixels {
        rgb.extend_from_slice(&pixel(samples));
    }
    rgb
}

/// Rounds 0..=65535 to 0..=255, of which it is the 257-fold.
#[expect(clippy::cast_possible_truncation, reason = "at most 65535 / 257 = 255")]
fn to_8_bits(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

/// A colour that isn't premultiplied, with that opacity, on white.
#[expect(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
fn on_white(colour: [u8; 3], opacity: u8) -> [u8; 3] {
    let opacity = u32::from(opacity);
    colour.map(|sample| ((u32::from(sample) * opacity + 255 * (255 - opacity) + 127) / 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_round_to_the_nearest_eight() {
        assert_eq!([0, 128, 129, 257, 65_407, 65_535].map(to_8_bits), [0, 0, 1, 1, 255, 255]);
    }

    #[test]
    fn transparent_is_white_and_opaque_keeps_its_colour() {
        assert_eq!(on_white([10, 200, 0], 0), [255, 255, 255]);
        assert_eq!(on_white([10, 200, 0], 255), [10, 200, 0]);
        assert_eq!(on_white([0, 0, 0], 128), [127, 127, 127]);
    }
}
