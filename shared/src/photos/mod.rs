//! Photos: submission, states, files and timeline.

pub mod cached;
mod fields;
pub mod files;
mod histogram;
pub mod hub_photos;
pub mod likeness;
pub mod lineage;
pub mod neighbours;
pub mod owner;
pub mod posting;
pub mod queries;
mod saving;
pub mod steps;
pub mod submissions;
pub mod tag;
pub mod tagging;
pub mod transitions;
mod types;

pub use fields::{Alt, Draft, InvalidDraft, Title};
pub use histogram::Histogram;
pub use likeness::Likeness;
pub use saving::Saving;
pub use tag::{Tag, Tags};
pub use types::{Photo, PhotoState, Picture, Sizes, Species, UnknownSpecies};
