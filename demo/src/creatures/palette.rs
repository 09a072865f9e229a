//! Colours and mixing.

/// A display colour, each channel 0.0 to 1.0; light may raise it above 1.0 until [`Rgb::soft`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rgb(pub(super) [f32; 3]);

pub(super) const WHITE: Rgb = Rgb([1.0, 1.0, 1.0]);
pub(super) const INK: Rgb = Rgb([0.09, 0.07, 0.07]);
pub(super) const TONGUE: Rgb = Rgb([0.93, 0.45, 0.50]);

impl Rgb {
    /// From `0xRRGGBB`.
    pub(super) fn hex(code: u32) -> Self {
        Self([16, 8, 0].map(|shift| ((code >> shift) & 255) as f32 / 255.0))
    }

    pub(super) fn grey(level: f32) -> Self {
        Self([level; 3])
    }

    pub(super) fn mix(self, other: Self, share: f32) -> Self {
        let share = share.clamp(0.0, 1.0);
        Self(std::array::from_fn(|i| self.0[i] + (other.0[i] - self.0[i]) * share))
    }

    pub(super) fn times(self, factor: f32) -> Self {
        Self(self.0.map(|c| c * factor))
    }

    pub(super) fn through(self, filter: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * filter.0[i]))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    /// Compresses highlights like film instead of clipping them.
    pub(super) fn soft(self) -> Self {
        Self(self.0.map(|c| if c > 0.8 { 0.8 + 0.2 * (1.0 - (-(c - 0.8) / 0.2).exp()) } else { c.max(0.0) }))
    }

    pub(super) fn luma(self) -> f32 {
        self.0[0] * 0.3 + self.0[1] * 0.59 + self.0[2] * 0.11
    }

    pub(super) fn skia(self, alpha: f32) -> tiny_skia::Color {
        let [r, g, b] = self.0.map(|c| c.clamp(0.0, 1.0));
        tiny_skia::Color::from_rgba(r, g, b, alpha.clamp(0.0, 1.0)).unwrap_or(tiny_skia::Color::BLACK)
    }
}
