//! Photos: what is submitted, its states, its files and its timeline.

mod fields;
pub mod files;
pub mod likeness;
pub mod queries;
pub mod steps;
pub mod transitions;
mod types;

pub use fields::{Alt, Draft, Refused, Tags, Title};
pub use likeness::Likeness;
pub use types::{Photo, PhotoState, Picture, Sizes, Species, UnknownSpecies};
