//! Pawdium.

pub mod media;
