//! The demo's photos: derpy animals, drawn from a number.
//!
//! `plan` decides what a photo shows and `subject` what is wrong with the animal. `scene` paints the place; `head`,
//! `eyes`, `muzzle`, `mouth` and `body` paint the animal on an easel (`paint`, `fur`). `camera` turns it into a
//! photo.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "pixels and coordinates stay far below the limits of their types"
)]
#![expect(clippy::unreadable_literal, reason = "colours read best as 0xRRGGBB")]
#![expect(clippy::many_single_char_names, reason = "x, y, w, h, r, g and b are the names of these things")]

mod body;
mod body_odd;
mod camera;
mod coat;
mod compose;
mod exif;
mod eyes;
mod fur;
mod head;
mod mouth;
mod muzzle;
mod names;
mod paint;
mod palette;
mod plan;
mod props;
mod random;
mod scene;
mod scene_indoor;
mod scene_outdoor;
mod shape;
mod species;
mod subject;
mod texture;

use plan::Plan;

/// A photo as a member submits it.
#[derive(Clone, Debug)]
pub struct DemoPhoto {
    /// The title.
    pub title: String,
    /// The alt text.
    pub alt: String,
    /// `cat`, `dog`, `bird`, `rabbit`, `rodent`, `reptile`, `horse` or `other`.
    pub species: &'static str,
    /// Lower case, without spaces.
    pub tags: Vec<String>,
    /// The file as its camera wrote it.
    pub jpeg: Vec<u8>,
    /// Width in upright pixels.
    pub width: u32,
    /// Height in upright pixels.
    pub height: u32,
    /// The EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// A chosen crop in upright pixels: left, top and side.
    pub crop: Option<(u32, u32, u32)>,
}

/// Options for [`draw_with`].
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Seeds everything that is not chosen here.
    pub seed: u64,
    /// A species as in [`DemoPhoto::species`]. Unknown ones are drawn as `other`.
    pub species: &'static str,
    /// Width in upright pixels, at least 64.
    pub width: u32,
    /// Height in upright pixels, at least 64.
    pub height: u32,
    /// The EXIF orientation, 1 to 8.
    pub orientation: u8,
}

/// Draws the nth photo of the demo. The same n always gives the same bytes.
///
/// Calls are independent, so several threads may draw at once.
pub fn draw(n: u64) -> DemoPhoto {
    compose::photo(&Plan::nth(n))
}

/// Draws a photo of a chosen species, size and orientation.
pub fn draw_with(options: Options) -> DemoPhoto {
    compose::photo(&Plan::chosen(options))
}

#[cfg(test)]
mod tests;
