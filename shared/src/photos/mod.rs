//! Photos: submission, states, files and timeline; and members' portraits, which have files of the same kind.

pub mod avatars;
pub mod cached;
pub mod crops;
pub mod drafts;
pub mod edits;
pub mod expiry;
mod fields;
pub mod files;
mod histogram;
pub mod hub_photos;
pub mod likeness;
pub mod lineage;
pub mod neighbours;
mod not_changed;
pub mod owner;
pub mod pictures;
pub mod posting;
pub mod queries;
pub mod remixes;
pub mod revisions;
mod saving;
pub mod steps;
pub mod submissions;
pub mod tag;
pub mod tagging;
pub mod transitions;
mod types;
pub mod withheld;
pub mod withhold;

pub use fields::{Allowed, Alt, Draft, InvalidDraft, Title};
pub use histogram::Histogram;
pub use likeness::Likeness;
pub use not_changed::NotChanged;
pub use saving::Saving;
pub use tag::{Tag, Tags};
pub use types::{Commenters, Photo, PhotoState, Picture, Sizes, Species, UnknownSpecies};
