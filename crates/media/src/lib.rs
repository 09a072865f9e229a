//! The image path: validates untrusted pictures and renders them as three square JPEGs.
//!
//! Without the feature `render` the crate contains only the types that describe pictures and refusals. With it a
//! process can [probe](probe()) a file's headers without decoding pixels, and render the picture with a
//! [`Decoder`]: in a child process that can only read the files of one owner that are passed to it, and answer.

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
#[cfg(feature = "render")]
mod texts;

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
    texts::Texts,
};

/// Renders a picture in the calling process, without confinement.
///
/// Only for trusted pictures, such as those of a benchmark that measures without the sandbox.
#[cfg(feature = "render")]
pub fn render_here(source: &[u8], crop: Option<Crop>, limits: &Limits) -> Result<Rendered, Refusal> {
    render::render(source, crop, limits, |_, _| ())
}
