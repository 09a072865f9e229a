//! Search for photos, members, hubs and topics.

pub mod queries;
mod words;

pub use words::Words;
