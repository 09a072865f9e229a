//! The quality of a square: SSIMULACRA2 against a lossless reference.
//!
//! The reference is the crop reduced in linear light with a three-lobed Lanczos filter, in 32-bit floats from the
//! source to the metric. Sources and squares are decoded by libjpeg-turbo's `djpeg`, the decoder that browsers use
//! and none of our code does.

use std::array;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use pawdium_media::{EDGES, Orientation};
use ssimulacra2::{LinearRgb, compute_frame_ssimulacra2};

use crate::corpus::Photograph;
use crate::ours::file;

/// The references for a photograph's three squares.
pub(crate) struct Reference {
    sizes: [LinearRgb; 3],
}

/// RGB pixels of a square or photograph.
struct Decoded {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Reference {
    pub(crate) fn of(photograph: &Photograph) -> Result<Self> {
        let stored = decode(&photograph.path)?;
        let side = photograph.crop().side;
        let crop = linear_crop(&stored, photograph)?;
        let source = TypedImageRef::new(side, side, &crop)?;
        let filter = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        let mut sizes = Vec::with_capacity(3);
        for edge in EDGES.map(|edge| edge.min(side)) {
            let mut scaled = TypedImage::new(edge, edge);
            Resizer::new().resize_typed(&source, &mut scaled, &filter)?;
            let pixels = scaled.pixels().iter().map(|pixel| pixel.0.map(|light| light.clamp(0.0, 1.0)));
            sizes.push(linear(pixels.collect(), edge as usize)?);
        }
        let sizes = sizes.try_into().map_err(|_| anyhow!("there are three sizes"))?;
        Ok(Self { sizes })
    }

    /// Scores the squares in this folder, largest first: 100 equals the reference, 90 is hardly distinguishable, 70
    /// is high quality.
    pub(crate) fn scores(&self, folder: &Path) -> Result<[f64; 3]> {
        let mut scores = [0.0; 3];
        for ((score, reference), edge) in scores.iter_mut().zip(&self.sizes).zip(EDGES) {
            let path = file(folder, edge);
            *score = compare(reference, &path).with_context(|| format!("comparing {}", path.display()))?;
        }
        Ok(scores)
    }
}

fn compare(reference: &LinearRgb, path: &Path) -> Result<f64> {
    let Decoded { width, height, rgb } = decode(path)?;
    ensure!(width == height && width == reference.width(), "the square has {width} × {height} pixels");
    let pixels = rgb.as_chunks::<3>().0.iter().map(|&pixel| light(pixel));
    Ok(compute_frame_ssimulacra2(reference.clone(), linear(pixels.collect(), width)?)?)
}

/// Cuts out the crop, upright and in linear light.
fn linear_crop(stored: &Decoded, photograph: &Photograph) -> Result<Vec<F32x3>> {
    let crop = photograph.crop();
    let (width, height) = (photograph.width as usize, photograph.height as usize);
    let (left, top, side) = (crop.x as usize, crop.y as usize, crop.side as usize);
    ensure!(stored.rgb.len() == width * height * 3, "djpeg and our probe disagree about the size");
    let pixels = stored.rgb.as_chunks::<3>().0;
    let mut upright = Vec::with_capacity(side * side);
    for y in top..top + side {
        for x in left..left + side {
            let (column, row) = stored_place(photograph.orientation, (x, y), (width, height));
            upright.push(F32x3::new(light(pixels[row * stored.width + column])));
        }
    }
    Ok(upright)
}

/// Maps a pixel of the upright picture to the stored one (EXIF 2.32, 4.6.4 A).
fn stored_place(
    orientation: Orientation,
    (x, y): (usize, usize),
    (width, height): (usize, usize),
) -> (usize, usize) {
    let (back, up) = (width - 1 - x, height - 1 - y);
    match orientation {
        Orientation::Upright => (x, y),
        Orientation::Mirrored => (back, y),
        Orientation::UpsideDown => (back, up),
        Orientation::Flipped => (x, up),
        Orientation::Transposed => (y, x),
        Orientation::Clockwise => (y, back),
        Orientation::Transversed => (up, back),
        Orientation::CounterClockwise => (up, x),
    }
}

/// Linear light of an sRGB value, 0 to 1 (IEC 61966-2-1).
fn light(pixel: [u8; 3]) -> [f32; 3] {
    static LIGHT: LazyLock<[f32; 256]> = LazyLock::new(|| {
        array::from_fn(|sample| {
            let signal = f32::from(u8::try_from(sample).unwrap_or(u8::MAX)) / 255.0;
            if signal <= 0.04045 { signal / 12.92 } else { ((signal + 0.055) / 1.055).powf(2.4) }
        })
    });
    pixel.map(|sample| LIGHT[usize::from(sample)])
}

fn linear(pixels: Vec<[f32; 3]>, edge: usize) -> Result<LinearRgb> {
    LinearRgb::new(pixels, edge, edge).map_err(|error| anyhow!("{error}"))
}

/// Decodes a JPEG with djpeg's defaults: accurate inverse DCT and smooth chroma.
fn decode(path: &Path) -> Result<Decoded> {
    let output =
        Command::new("djpeg").args(["-rgb", "-pnm"]).arg(path).stderr(io::stderr()).output().with_context(
            || format!("decoding {} with djpeg, of Debian's libjpeg-turbo-progs", path.display()),
        )?;
    if !output.status.success() {
        bail!("djpeg {} ends with {}", path.display(), output.status);
    }
    read_ppm(&output.stdout).with_context(|| format!("djpeg wrote an invalid PPM for {}", path.display()))
}

/// Reads a binary PPM without comments: `P6`, width, height and 255, each followed by white space.
fn read_ppm(ppm: &[u8]) -> Option<Decoded> {
    let mut rest = ppm;
    let mut next = || {
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        let word = std::str::from_utf8(&rest[..end]).ok()?;
        rest = &rest[end + 1..];
        Some(word)
    };
    let (magic, width, height, most) = (next()?, next()?, next()?, next()?);
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    let whole = magic == "P6" && most == "255" && rest.len() == width * height * 3;
    whole.then(|| Decoded { width, height, rgb: rest.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_moves_each_corner_as_exif_defines() {
        // The stored top left pixel appears at one of the corners of an upright 3 × 2 picture.
        let size = (3, 2);
        let corners = [(0, 0), (2, 0), (2, 1), (0, 1), (0, 0), (2, 0), (2, 1), (0, 1)];
        for (number, corner) in (1..).zip(corners) {
            let orientation = Orientation::from_number(number).expect("there are eight");
            assert_eq!(stored_place(orientation, corner, size), (0, 0), "{orientation:?}");
        }
        assert_eq!(stored_place(Orientation::Clockwise, (0, 0), size), (0, 2));
        assert_eq!(stored_place(Orientation::CounterClockwise, (2, 1), size), (0, 2));
    }

    #[test]
    fn mid_grey_has_a_fifth_of_the_light() {
        assert!(light([0, 255, 118]).into_iter().zip([0.0, 1.0, 0.181]).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn a_ppm_that_is_cut_off_is_refused() {
        assert!(read_ppm(b"P6\n1 2\n255\n123456").is_some_and(|picture| picture.height == 2));
        assert!(read_ppm(b"P6\n1 2\n255\n12345").is_none());
        assert!(read_ppm(b"P6\n1 2\n255").is_none());
    }
}
