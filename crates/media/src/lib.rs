//! Untrusted pictures in, squares out: what is taken, and how it becomes the three JPEGs that are shown.
//!
//! Without the feature `render` there are only the types that describe pictures and refusals. With it a process may
//! [probe](probe()) a file's headers, no pixels, and have it decoded by a [`Decoder`]: in a process that can do nothing but read
//! the files of one owner, as they are given to it, and answer.

mod crop;
mod fingerprint;
mod format;
mod limits;

#[cfg(feature = "render")]
mod apng;
#[cfg(feature = "render")]
mod avif;
#[cfg(feature = "render")]
mod colour;
#[cfg(feature = "render")]
mod decode;
#[cfg(feature = "render")]
mod exif;
#[cfg(test)]
mod fixtures;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(feature = "render")]
mod jpeg;
#[cfg(feature = "render")]
mod orientation;
#[cfg(feature = "render")]
mod probe;
#[cfg(feature = "render")]
mod render;
#[cfg(feature = "render")]
mod sandbox;
#[cfg(feature = "render")]
mod square;

pub use self::{
    crop::{Crop, CropSyntax},
    fingerprint::Fingerprint,
    format::{Format, MAGIC},
    limits::{Limits, MediaError, Refusal},
};
#[cfg(feature = "render")]
pub use self::{
    orientation::Orientation,
    probe::{Probe, probe, probe_file},
    render::{EDGES, Picture, Rendered, Stage},
    sandbox::{DECODER_MEMORY, Decoder, Owner, RenderError, child_main},
};

/// Renders a picture in this very process, as the child of a [`Decoder`] does in its own, but unconfined.
///
/// For pictures of one's own, where the cost of the confinement shall be left out: a benchmark's.
#[cfg(feature = "render")]
pub fn render_here(source: &[u8], crop: Option<Crop>, limits: &Limits) -> Result<Rendered, Refusal> {
    render::render(source, crop, limits, |_, _| ())
}
