//! Rating: the page with one photo, and recording what the visitor gives it.

pub mod ahead;
pub mod api;
pub mod page;
pub mod rate;
