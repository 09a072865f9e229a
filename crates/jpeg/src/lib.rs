//! A JPEG decoder and encoder for planes of samples (ITU-T T.81), in safe Rust.
//!
//! It is made to turn large photos into small squares. Colours stay in planes of luma and subsampled chroma, as
//! stored; they are scaled and encoded again without a conversion to RGB. Only the wanted region is transformed, by
//! an inverse DCT that yields a half, a quarter or an eighth of the size where that is enough.
#![forbid(unsafe_code)]

mod decode;
mod encode;
mod plane;
mod simd;
mod zigzag;

pub use decode::{Colour, Component, ComponentInfo, Decoder, Error, Header, Region, Scale};
pub use encode::{EncodeError, Quality, encode};
pub use plane::Plane;
