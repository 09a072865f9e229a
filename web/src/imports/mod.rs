//! Imports: sending an archive, and seeing what became of each file in it.

pub mod acts;
pub mod api;
pub mod csv;
pub mod list;
mod receive;
pub mod show;
