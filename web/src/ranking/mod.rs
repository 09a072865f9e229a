//! The top, trending and new lists.

pub mod api;
pub mod hub;
pub mod lists;
