//! Moderation of pictures.

pub mod blocked;
