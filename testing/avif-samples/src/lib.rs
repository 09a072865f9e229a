//! Generates AVIF files for tests.
//!
//! A [`Still`] writes AV1 pictures of four plain quarters, of grey or of noise, in any size, layout and depth. This
//! is the smallest subset of the format that can show colours, so tests need no video encoder. An [`Avif`] puts
//! such pictures, or anything else, into boxes, valid or not.
#![forbid(unsafe_code)]

mod av1;
mod bits;
mod boxes;
mod coder;

pub use av1::{Layout, Still};
pub use boxes::{Avif, Item, Place, Property, boxed, full_boxed};
