//! The top and trending lists.

pub mod api;
pub mod hub;
pub mod lists;
