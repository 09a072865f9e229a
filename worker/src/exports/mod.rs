//! The archives of exports: what they contain, and writing them to the store piece by piece.

mod archive;
mod index;
mod spool;
mod write;

pub(crate) use write::write;
