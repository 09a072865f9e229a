//! Rating: the page with one photo, and recording ratings.

pub mod ahead;
pub mod api;
pub mod cast;
pub mod page;
pub mod rate;
