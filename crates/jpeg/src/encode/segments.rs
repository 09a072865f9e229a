//! Writes the segments around the scan (T.81, annex B).

use super::{huffman::Table, quantization::Quantizer};
use crate::zigzag::ZIGZAG;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];
const APP0: u8 = 0xe0;
const QUANTIZATION: u8 = 0xdb;
const BASELINE_FRAME: u8 = 0xc0;
const HUFFMAN: u8 = 0xc4;
const SCAN: u8 = 0xda;

/// JFIF 1.01 without density and thumbnail. It marks the components as Y, Cb and Cr.
const JFIF: [u8; 14] = *b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

/// Luma alone, or with chroma at half width and height.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layout {
    Grey,
    Colour,
}

impl Layout {
    /// Id, sampling factors (horizontal in the upper 4 bits) and quantizer of each component. Huffman tables have
    /// the same number as the quantizer.
    const fn components(self) -> &'static [(u8, u8, u8)] {
        match self {
            Self::Grey => &[(1, 0x11, 0)],
            Self::Colour => &[(1, 0x22, 0), (2, 0x11, 1), (3, 0x11, 1)],
        }
    }

    /// Number of quantizers, and of pairs of Huffman tables.
    pub(super) const fn kinds(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Colour => 2,
        }
    }
}

fn segment(file: &mut Vec<u8>, marker: u8, content: &[u8]) {
    file.extend([0xff, marker]);
    file.extend(u16::try_from(content.len() + 2).unwrap_or(u16::MAX).to_be_bytes());
    file.extend(content);
}

/// Everything before the scan data. `tables` are luma DC and AC, chroma DC and AC.
pub(super) fn head(
    file: &mut Vec<u8>,
    layout: Layout,
    (width, height): (u16, u16),
    quantizers: &[Quantizer; 2],
    tables: &[Table; 4],
) {
    file.extend(START);
    segment(file, APP0, &JFIF);
    let mut content = Vec::new();
    for (number, quantizer) in (0..).zip(&quantizers[..layout.kinds()]) {
        content.push(number);
        content.extend(ZIGZAG.map(|index| quantizer.steps[usize::from(index)]));
    }
    segment(file, QUANTIZATION, &content);

    let components = layout.components();
    let number_of_components = if layout == Layout::Grey { 1 } else { 3 };
    let mut content = vec![8];
    content.extend(height.to_be_bytes());
    content.extend(width.to_be_bytes());
    content.push(number_of_components);
    content.extend(components.iter().flat_map(|&(number, sampling, kind)| [number, sampling, kind]));
    segment(file, BASELINE_FRAME, &content);

    let mut content = Vec::new();
    for (pair, number) in tables.chunks_exact(2).take(layout.kinds()).zip(0u8..) {
        for (table, class) in pair.iter().zip([0x00, 0x10]) {
            content.push(class | number);
            content.extend(table.counts);
            content.extend(&table.symbols);
        }
    }
    segment(file, HUFFMAN, &content);

    let mut content = vec![number_of_components];
    content.extend(components.iter().flat_map(|&(number, _, kind)| [number, kind << 4 | kind]));
    content.extend([0, 63, 0]);
    segment(file, SCAN, &content);
}

/// Everything after the scan data.
pub(super) fn tail(file: &mut Vec<u8>) {
    file.extend(END);
}
