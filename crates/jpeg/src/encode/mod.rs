//! Planes of samples into a file: baseline, one scan, 4:2:0 or grey, Huffman tables made for the picture.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the instructions that were chosen"
)]

mod bits;
mod dct;
mod huffman;
mod kernel;
mod quantization;
mod segments;
mod tokens;

use crate::Plane;
use kernel::{Kernel, Task, dispatch};
use quantization::Quantizer;
use segments::Layout;
use thiserror::Error;
use tokens::{Kind, Tokens};

/// How much of a picture is kept, from 1 (little) to 100 (all but rounding).
///
/// The scale is that of libjpeg: photographs of 540 × 540 score about as many points of SSIMULACRA2 as they do when
/// libjpeg-turbo encodes them at the same quality (80 gives 68 to 87), in 12 % fewer bytes; it is 16 % at 1080 × 1080
/// and 8 % at 160 × 160.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quality(u8);

impl Quality {
    /// The quality `value`, brought into 1 to 100.
    #[must_use]
    pub const fn new(value: u8) -> Self {
        Self(if value < 1 {
            1
        } else if value > 100 {
            100
        } else {
            value
        })
    }

    /// What quantizers' steps at quality 50 are multiplied with, in per cent.
    const fn percent(self) -> u32 {
        if self.0 < 50 { 5_000 / self.0 as u32 } else { 200 - 2 * self.0 as u32 }
    }
}

/// Why planes can't be encoded.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EncodeError {
    /// A side is 0 or above 65,535 samples.
    #[error("a picture of {width} by {height} samples does not fit into a JPEG file")]
    Size {
        /// Samples in a row of luma.
        width: usize,
        /// Rows of luma.
        height: usize,
    },
    /// A plane's number of samples is not its width times its height.
    #[error("a plane of {width} by {height} has {samples} samples")]
    Samples {
        /// Samples in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Samples that are there.
        samples: usize,
    },
    /// Chroma is not half of luma in width and height, rounded up.
    #[error("chroma of {width} by {height} samples is not half of luma")]
    Chroma {
        /// Samples in a row of chroma.
        width: usize,
        /// Rows of chroma.
        height: usize,
    },
}

/// Encodes a picture: Y with Cb and Cr of half its width and height, rounded up (4:2:0), or Y alone.
///
/// Colours are those of JFIF (ITU-R BT.601, all of 0 to 255). The file holds what decoding needs and nothing else.
/// The same planes and quality give the same bytes on every machine.
pub fn encode(luma: &Plane, chroma: Option<[&Plane; 2]>, quality: Quality) -> Result<Vec<u8>, EncodeError> {
    let size = size_of(luma)?;
    let (half_width, half_height) = (luma.width.div_ceil(2), luma.height.div_ceil(2));
    for plane in chroma.into_iter().flatten() {
        let Plane { width, height, .. } = *plane;
        if (width, height) != (half_width, half_height) {
            return Err(EncodeError::Chroma { width, height });
        }
        size_of(plane)?;
    }
    let quantizers = [Quantizer::luma(quality), Quantizer::chroma(quality)];
    let tokens = dispatch(Scan { luma, chroma, quantizers: &quantizers });
    let layout = if chroma.is_some() { Layout::Colour } else { Layout::Grey };
    let tables = tokens.tables();
    let mut file = Vec::new();
    segments::head(&mut file, layout, size, &quantizers, &tables);
    tokens.write(&tables, &mut file);
    segments::tail(&mut file);
    Ok(file)
}

/// Width and height, when the plane is sound and fits into a file.
fn size_of(plane: &Plane) -> Result<(u16, u16), EncodeError> {
    let Plane { width, height, ref samples } = *plane;
    if width.checked_mul(height) != Some(samples.len()) {
        return Err(EncodeError::Samples { width, height, samples: samples.len() });
    }
    match (u16::try_from(width), u16::try_from(height)) {
        (Ok(narrow), Ok(low)) if narrow > 0 && low > 0 => Ok((narrow, low)),
        _ => Err(EncodeError::Size { width, height }),
    }
}

/// All of a picture's blocks, in the file's order.
struct Scan<'a> {
    luma: &'a Plane,
    chroma: Option<[&'a Plane; 2]>,
    quantizers: &'a [Quantizer; 2],
}

impl Task for Scan<'_> {
    type Output = Tokens;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> Tokens {
        // What a photo at a high quality has; more is made room for.
        let mut tokens = Tokens::with_capacity(self.luma.samples.len() / 4);
        let [luma_quantizer, chroma_quantizer] = self.quantizers;
        let mut luma = Component::new(self.luma, luma_quantizer, Kind::Luma);
        let Some(chroma) = self.chroma else {
            for y in 0..luma.rows {
                for x in 0..luma.columns {
                    luma.block(kernel, (x, y), &mut tokens);
                }
            }
            return tokens;
        };
        let mut chroma = chroma.map(|plane| Component::new(plane, chroma_quantizer, Kind::Chroma));
        for y in 0..chroma[0].rows {
            for x in 0..chroma[0].columns {
                for i in 0..4 {
                    luma.block(kernel, (2 * x + i % 2, 2 * y + i / 2), &mut tokens);
                }
                for component in &mut chroma {
                    component.block(kernel, (x, y), &mut tokens);
                }
            }
        }
        tokens
    }
}

/// A plane on its way into the file.
struct Component<'a> {
    plane: &'a Plane,
    quantizer: &'a Quantizer,
    kind: Kind,
    /// Blocks in a row, the last of them perhaps in part.
    columns: usize,
    /// Rows of blocks.
    rows: usize,
    /// The last block's quantized mean, which the next one's is told as a difference to.
    last_dc: i16,
}

impl<'a> Component<'a> {
    const fn new(plane: &'a Plane, quantizer: &'a Quantizer, kind: Kind) -> Self {
        let (columns, rows) = (plane.width.div_ceil(8), plane.height.div_ceil(8));
        Self { plane, quantizer, kind, columns, rows, last_dc: 0 }
    }

    /// Appends the block in column `x` and row `y`; beyond the plane it is flat.
    #[inline(always)]
    fn block<K: Kernel>(&mut self, kernel: K, (x, y): (usize, usize), tokens: &mut Tokens) {
        if x >= self.columns || y >= self.rows {
            tokens.flat_block(self.kind);
            return;
        }
        let transformed = dct::forward(kernel, self.samples(8 * x, 8 * y));
        let quantized = self.quantizer.quantize(&transformed);
        let nonzero = kernel.nonzero(&quantized);
        tokens.block(self.kind, &quantized, nonzero, &mut self.last_dc);
    }

    /// The 64 samples from (`left`, `top`) on, around zero; what is beyond the plane is like its edge.
    #[inline(always)]
    fn samples(&self, left: usize, top: usize) -> dct::Rows {
        let Plane { width, height, ref samples } = *self.plane;
        std::array::from_fn(|y| {
            let row = width * (top + y).min(height - 1);
            let from = row + left;
            match samples[from..row + width].first_chunk::<8>() {
                Some(row) => row.map(|sample| f32::from(sample) - 128.0),
                None => std::array::from_fn(|x| f32::from(samples[row + (left + x).min(width - 1)]) - 128.0),
            }
        })
    }
}
