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
const MAX_PNG_CHUNKS: u64 = 32 << 20;

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
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let rgb = if picture.color().has_alpha() {
        lay_on_white(picture.into_rgba8().into_raw())
    } else {
        picture.into_rgb8().into_raw()
    };
    Ok(Pixels { width: probe.width, height: probe.height, rgb, profile })
}

fn refusal(error: &ImageError) -> Refusal {
    match error {
        ImageError::Unsupported(_) => Refusal::Unsupported,
        _ => Refusal::Damaged,
    }
}

/// Makes RGB of RGBA, in place.
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
    fn transparent_is_white_and_opaque_keeps_its_colour() {
        assert_eq!(on_white([10, 200, 0], 0), [255, 255, 255]);
        assert_eq!(on_white([10, 200, 0], 255), [10, 200, 0]);
        assert_eq!(on_white([0, 0, 0], 128), [127, 127, 127]);
        let pixels = vec![10, 200, 0, 0, 10, 200, 0, 255, 0, 0, 0, 128];
        assert_eq!(lay_on_white(pixels), [255, 255, 255, 10, 200, 0, 127, 127, 127]);
    }
}
