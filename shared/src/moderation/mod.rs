//! Moderation of pictures and comments.

pub mod blocked;
pub mod comments;
