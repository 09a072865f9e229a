//! Pictures: what is taken, how it becomes the squares that are shown, and where those are kept.
//!
//! A picture from outside is only [probed](probe()) in the web process: headers, no pixels. It is decoded by a
//! [`Decoder`] in a process of its own, which can do nothing but read that one file and answer.

mod crop;
mod decode;
mod fingerprint;
#[cfg(test)]
mod fixtures;
mod jpeg;
mod limits;
mod orientation;
mod probe;
mod render;
mod sandbox;
mod store;

pub use self::{
    crop::{Crop, CropSyntax},
    fingerprint::Fingerprint,
    limits::{Limits, MediaError, Refusal},
    orientation::Orientation,
    probe::{Format, Probe, probe, probe_file},
    render::{EDGES, Picture, Rendered, Step, StepName},
    sandbox::{Decoder, RenderError, child_main},
    store::{Incoming, IncomingKey, MediaKey, MediaStore, Stored, StoredPicture},
};
