//! Decodes AV1 still pictures to planes of samples.
//!
//! The decoder is rav1d, a port of dav1d to Rust that exposes only dav1d's C interface. This crate contains the
//! workspace's only unsafe code: the few calls of that interface and the borrowed views of their results. It logs
//! nothing and starts no threads.
//!
//! A picture with corrupt headers is refused with an [`Error`]. A picture with corrupt content can abort the
//! process: rav1d 1.1 panics (its issue 1497), and Rust aborts where a panic would unwind out of a C function. So
//! untrusted pictures must be decoded in a separate process.
#![expect(unsafe_code, reason = "rav1d exposes only dav1d's C interface")]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod decoder;
mod picture;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Error};
pub use picture::{Chroma, Colours, Picture, Samples};
