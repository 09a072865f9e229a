//! The layout of blocks and the blocks that a region needs (T.81, A.1.1 and A.2).

use super::segments::Frame;
use super::{Error, Region, Scale};
use crate::Plane;

/// A rectangle of blocks of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Window {
    /// The index within the window of the block at column `x` and row `y`, if inside.
    #[inline(always)]
    pub(super) fn place(&self, x: u32, y: u32) -> Option<(usize, usize)> {
        let (x, y) = (x.wrapping_sub(self.x), y.wrapping_sub(self.y));
        (x < self.width && y < self.height).then_some((x as usize, y as usize))
    }

    /// The row after the last.
    pub(super) fn bottom(&self) -> u32 {
        self.y + self.height
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// The block layout of one component.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Blocks per MCU, horizontal and vertical.
    pub(super) horizontal: u32,
    pub(super) vertical: u32,
    /// Blocks that contain picture samples, horizontal and vertical.
    pub(super) wide: u32,
    pub(super) high: u32,
    /// The blocks that the region needs.
    pub(super) window: Window,
    pub(super) scale: Scale,
}

/// MCUs, horizontal and vertical.
pub(super) fn mcus(frame: &Frame) -> (u32, u32) {
    let (horizontal, vertical) = most(frame);
    (frame.width.div_ceil(8 * horizontal), frame.height.div_ceil(8 * vertical))
}

/// The maximum sampling factors.
fn most(frame: &Frame) -> (u32, u32) {
    frame.components.iter().fold((1, 1), |(horizontal, vertical), component| {
        (horizontal.max(component.horizontal.into()), vertical.max(component.vertical.into()))
    })
}

impl Layout {
    /// The layout of each component for a region inside the picture.
    pub(super) fn all(frame: &Frame, region: Region, scales: &[Scale]) -> Vec<Self> {
        let (most_horizontal, most_vertical) = most(frame);
        let lay = |(component, &scale): (&super::ComponentInfo, _)| {
            let (horizontal, vertical) = (u32::from(component.horizontal), u32::from(component.vertical));
            let (x, width) = touched(region.x, region.width, horizontal, most_horizontal);
            let (y, height) = touched(region.y, region.height, vertical, most_vertical);
            let wide = (frame.width * horizontal).div_ceil(8 * most_horizontal);
            let high = (frame.height * vertical).div_ceil(8 * most_vertical);
            let window = Window { x, y, width, height };
            Self { horizontal, vertical, wide, high, window, scale }
        };
        frame.components.iter().zip(scales).map(lay).collect()
    }

    /// An empty plane for the window.
    pub(super) fn plane(&self) -> Result<Plane, Error> {
        let side = self.scale.side();
        let (width, height) = (self.window.width as usize * side, self.window.height as usize * side);
        Ok(Plane { width, height, samples: zeroed(width * height)? })
    }

    /// The position of `region` in the window's plane: left, top, width, height.
    pub(super) fn crop(&self, frame: &Frame, region: Region) -> [f64; 4] {
        let (most_horizontal, most_vertical) = most(frame);
        let part = self.scale.side() as f64 / 8.0;
        let across = f64::from(self.horizontal) / f64::from(most_horizontal) * part;
        let down = f64::from(self.vertical) / f64::from(most_vertical) * part;
        let side = self.scale.side() as f64;
        [
            f64::from(region.x) * across - f64::from(self.window.x) * side,
            f64::from(region.y) * down - f64::from(self.window.y) * side,
            f64::from(region.width) * across,
            f64::from(region.height) * down,
        ]
    }
}

/// The first block and the number of blocks that the pixels from `from` need, for a component with `of` samples per
/// `most` pixels.
fn touched(from: u32, length: u32, of: u32, most: u32) -> (u32, u32) {
    let first = from * of / (8 * most);
    let behind = ((from + length) * of).div_ceil(8 * most);
    (first, behind - first)
}

/// Allocates zeros, or fails if memory is short.
pub(super) fn zeroed<T: Clone + Default>(length: usize) -> Result<Vec<T>, Error> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(length).map_err(|_| Error::Memory)?;
    zeros.resize(length, T::default());
    Ok(zeros)
}
