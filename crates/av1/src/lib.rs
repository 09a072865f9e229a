//! AV1 still pictures to planes of samples.
//!
//! The decoding is rav1d's, dav1d in Rust, which can be called by dav1d's functions for C alone. This crate is the one
//! place with unsafe code: it makes those few calls and lends out what they return. Nothing is logged, and no thread is
//! started.
//!
//! A picture whose headers are broken is refused with an [`Error`]. One whose content is broken may end the process:
//! rav1d 1.1 panics then (its issue 1497), and Rust aborts at the border of a function for C, before anything unwinds
//! across it. So pictures from outside must be decoded in a process of their own.
#![expect(unsafe_code, reason = "rav1d has no other interface than dav1d's")]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod decoder;
mod picture;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Error};
pub use picture::{Chroma, Colours, Picture, Samples};
