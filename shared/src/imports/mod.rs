//! Imports: archives of pictures that members send, each picture of which becomes a draft, with a receipt for every
//! file.
//!
//! A job takes the pictures out of the archive one by one ([`unpacking`]), and each gets a job of its own that makes
//! its draft ([`drafting`]). Both write what has happened to a file in the transaction of what they do, so they go on
//! where they were, however they ended. [`plan`] decides what is to become of an archive's files, by their names, the
//! descriptions beside them ([`takeout`]) and Pawdium's own list ([`manifest`]).

pub mod about;
pub mod acts;
pub mod drafting;
pub mod leaving;
pub mod manifest;
pub mod plan;
pub mod queries;
pub mod start;
pub mod takeout;
mod types;
pub mod unpacking;
pub mod upkeep;

pub use about::About;
pub use types::{Counts, FileState, Import, ImportFile, ImportState};
