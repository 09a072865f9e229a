//! The top and trending lists.

pub mod api;
pub mod lists;
