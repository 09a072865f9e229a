//! Pictures: what is taken, how it becomes the squares that are shown, and where those are kept.
//!
//! The web process doesn't look into a picture from outside, and the worker only [probes](probe()) it: headers, no
//! pixels. It is decoded by a [`Decoder`] in a process that can do nothing but read the files of one owner, as they are
//! given to it, and answer.

mod apng;
mod avif;
mod colour;
mod crop;
mod decode;
mod exif;
mod fingerprint;
#[cfg(test)]
mod fixtures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod jpeg;
mod limits;
mod orientation;
mod probe;
mod render;
mod sandbox;
mod square;
mod store;

pub use self::{
    crop::{Crop, CropSyntax},
    fingerprint::Fingerprint,
    limits::{Limits, MediaError, Refusal},
    orientation::Orientation,
    probe::{Format, MAGIC, Probe, probe, probe_file},
    render::{EDGES, Picture, Rendered, Stage},
    sandbox::{DECODER_MEMORY, Decoder, RenderError, child_main},
    store::{Incoming, IncomingKey, MediaKey, MediaStore, Stored, StoredPicture},
};

/// Renders a picture in this very process, as the child of a [`Decoder`] does in its own, but unconfined.
///
/// For pictures of one's own, where the cost of the confinement shall be left out: a benchmark's.
pub fn render_here(source: &[u8], crop: Option<Crop>, limits: &Limits) -> Result<Rendered, Refusal> {
    render::render(source, crop, limits, |_, _| ())
}
