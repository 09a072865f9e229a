//! Simulates a camera: focus, lens, sensor noise, orientation and the JPEG file.

use fast_image_resize as fir;
use fir::images::Image;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use tiny_skia::Pixmap;

use super::exif::Shot;
use super::palette::Rgb;
use super::random::Dice;

/// Width and height in pixels.
pub(super) type Size = (u32, u32);

fn resized(from: &Pixmap, (w, h): Size, how: fir::ResizeAlg) -> Pixmap {
    let source = fir::images::ImageRef::new(from.width(), from.height(), from.data(), fir::PixelType::U8x4)
        .expect("a picture has four bytes a pixel");
    let mut target = Image::new(w, h, fir::PixelType::U8x4);
    // Colours are already premultiplied.
    let options = fir::ResizeOptions::new().resize_alg(how).use_alpha(false);
    fir::Resizer::new().resize(&source, &mut target, &options).expect("both pictures have the same pixels");
    let size = tiny_skia::IntSize::from_wh(w, h).expect("a picture has a size");
    Pixmap::from_vec(target.into_vec(), size).expect("four bytes a pixel were made")
}

/// The backdrop at the size of the subject's picture: sharp at the feet, blurrier with distance.
pub(super) fn focus(backdrop: &Pixmap, size: Size, floor: f32, depth: f32) -> Pixmap {
    let bilinear = fir::ResizeAlg::Convolution(fir::FilterType::Bilinear);
    let soft = fir::ResizeAlg::Convolution(fir::FilterType::Gaussian);
    let mut sharp = resized(backdrop, size, bilinear);
    let short = size.0.min(size.1) as f32;
    let small = ((size.0 as f32 / depth).max(8.0) as u32, (size.1 as f32 / depth).max(8.0) as u32);
    let blurred = resized(&resized(backdrop, small, soft), size, soft);
    let width = size.0 as usize * 4;
    for (y, (row, far)) in
        sharp.data_mut().chunks_exact_mut(width).zip(blurred.data().chunks_exact(width)).enumerate()
    {
        let away = (floor - y as f32) / short;
        let blur = if away > 0.0 { (away - 0.06) * 5.0 } else { -away * 2.5 }.clamp(0.0, 1.0);
        let blur = (blur * 256.0) as i32;
        for (s, f) in row.iter_mut().zip(far) {
            *s = (i32::from(*s) + ((i32::from(*f) - i32::from(*s)) * blur) / 256) as u8;
        }
    }
    sharp
}

/// How lens and film change the light.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grade {
    /// Factor for each channel.
    pub(super) tint: Rgb,
    /// Vignetting, 0.0 to 1.0.
    pub(super) vignette: f32,
    pub(super) contrast: f32,
}

pub(super) fn grade(picture: &mut Pixmap, grade: &Grade) {
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    let width = picture.width() as usize;
    for (y, row) in picture.data_mut().chunks_exact_mut(width * 4).enumerate() {
        let v = (y as f32 / h - 0.5) * 2.0;
        for (x, p) in row.chunks_exact_mut(4).enumerate() {
            let u = (x as f32 / w - 0.5) * 2.0;
            let d = (u * u + v * v) * 0.5;
            let fall = 1.0 - grade.vignette * d * d;
            for (c, tint) in p[..3].iter_mut().zip(grade.tint.0) {
                let value = f32::from(*c) / 255.0 * tint * fall;
                let curved = value + grade.contrast * value * (1.0 - value) * (value - 0.45);
                *c = (curved.clamp(0.0, 1.0) * 255.0) as u8;
            }
        }
    }
}

/// The pixels as a camera held that way stores them. Applying the orientation shows them upright.
pub(super) fn turned(upright: &Pixmap, orientation: u8) -> Pixmap {
    let (w, h) = (upright.width(), upright.height());
    let (tw, th) = if orientation >= 5 { (h, w) } else { (w, h) };
    let mut out = Pixmap::new(tw, th).expect("a picture has a size");
    let pixels = upright.pixels();
    let stored = out.pixels_mut();
    for y in 0..th {
        for x in 0..tw {
            let (ux, uy) = match orientation {
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                4 => (x, h - 1 - y),
                5 => (y, x),
                6 => (w - 1 - y, x),
                7 => (w - 1 - y, h - 1 - x),
                8 => (y, h - 1 - x),
                _ => (x, y),
            };
            stored[(y * tw + x) as usize] = pixels[(uy * w + ux) as usize];
        }
    }
    out
}

/// How a sensor and its software store a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sensor {
    /// Standard deviation of the noise, in levels of 255.
    pub(super) noise: f32,
    /// JPEG quality, 1 to 100.
    pub(super) quality: u8,
}

/// Scales to the stored size, adds sensor noise, and encodes.
pub(super) fn develop(
    picture: &Pixmap,
    stored: Size,
    sensor: Sensor,
    shot: Option<&Shot>,
    dice: &mut Dice,
) -> Vec<u8> {
    let large = resized(picture, stored, fir::ResizeAlg::Convolution(fir::FilterType::CatmullRom));
    let grain = Grain::new(sensor.noise, dice);
    let mut rgb = Vec::with_capacity(stored.0 as usize * stored.1 as usize * 3);
    for row in large.data().chunks_exact(stored.0 as usize * 4) {
        grain.expose(row, &mut rgb, dice);
    }
    let mut jpeg = Vec::with_capacity(rgb.len() / 8);
    let mut encoder = Encoder::new(&mut jpeg, sensor.quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if let Some(shot) = shot {
        encoder.add_exif_metadata(&shot.tiff()).expect("the metadata fits into a segment");
    }
    let side = |v: u32| u16::try_from(v).expect("a demo photo has fewer than 65,536 pixels a side");
    encoder.encode(&rgb, side(stored.0), side(stored.1), ColorType::Rgb).expect("memory takes every byte");
    jpeg
}

/// Precomputed noise read from random offsets, because generating 36 million values takes too long.
struct Grain {
    luma: Vec<i16>,
    chroma: Vec<i16>,
}

const GRAIN: usize = 1 << 16;

impl Grain {
    fn new(deviation: f32, dice: &mut Dice) -> Self {
        let mut throw = |d: f32| (0..GRAIN).map(|_| (dice.bell() * d).round() as i16).collect();
        Self { luma: throw(deviation), chroma: throw(deviation * 0.5) }
    }

    fn expose(&self, row: &[u8], out: &mut Vec<u8>, dice: &mut Dice) {
        let (mut a, mut b) = (dice.below(GRAIN), dice.below(GRAIN));
        for p in row.chunks_exact(4) {
            let (n, c) = (self.luma[a], self.chroma[b]);
            let add = |v: u8, by: i16| (i16::from(v) + by).clamp(0, 255) as u8;
            out.extend([add(p[0], n + c), add(p[1], n), add(p[2], n - c)]);
            a = (a + 1) % GRAIN;
            b = (b + 1) % GRAIN;
        }
    }
}
