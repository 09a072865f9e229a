//! Search for photos, members and hubs.

pub mod queries;
mod words;

pub use words::Words;
