//! JPEG files from and to planes of samples (ITU-T T.81), in safe Rust alone.
//!
//! It is made for one thing: small squares out of large photos. So colours stay as they are stored, in planes of
//! luma and subsampled chroma, which are scaled and encoded again without ever having been RGB; only the region that is
//! wanted is transformed, and by an inverse DCT that yields a half, a quarter or an eighth of its size where that is
//! enough.
#![forbid(unsafe_code)]

mod decode;
mod encode;
mod plane;
mod zigzag;

pub use decode::{Colour, Component, ComponentInfo, Decoder, Error, Header, Region, Scale};
pub use encode::{EncodeError, Quality, encode};
pub use plane::Plane;
