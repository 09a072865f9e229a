//! Moderation of pictures, comments, talks and hubs: what moderators do, and how it is undone.

pub mod blocked;
pub mod comments;
pub mod hiding;
mod refusal;
pub mod undo;

pub use refusal::Refusal;
