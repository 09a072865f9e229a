//! Comments on photos.

pub mod access;
mod acts;
pub mod api;
pub mod one;
pub mod page;
mod present;
pub mod section;
pub mod stamps;
