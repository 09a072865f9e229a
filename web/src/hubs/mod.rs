//! Hubs: who may see them, and the feed of what happens in them.

pub mod access;
pub mod api;
pub mod atom;
pub mod feed;
pub mod head;
