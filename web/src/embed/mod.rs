//! Hubs and photos on other sites: widgets in frames, oEmbed, and the cards of links.
//!
//! Nothing here reads a cookie: what other sites show is what everybody may see.

mod frames;
mod links;
pub mod oembed;
pub mod page;

pub use frames::snippet;
