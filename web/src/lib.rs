//! Pawdium's web front: pages, JSON API and live streams.

pub mod assets;
pub mod views;
