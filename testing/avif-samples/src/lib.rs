//! AVIF files for tests, made from nothing.
//!
//! A [`Still`] writes AV1 pictures of four plain quarters, of grey or of noise, in any size, layout and depth: the least
//! of the format with which colours can be told apart, so that no encoder of films has to be built for a test. An
//! [`Avif`] puts such pictures, or anything else, into boxes, and may lie about all of them.
#![forbid(unsafe_code)]

mod av1;
mod bits;
mod boxes;
mod coder;

pub use av1::{Layout, Still};
pub use boxes::{Avif, Item, Place, Property, boxed, full_boxed};
