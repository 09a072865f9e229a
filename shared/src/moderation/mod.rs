//! Moderation of pictures, comments, talks, hubs and members: what moderators do, and how it is undone; the cases in
//! which they judge what was reported; and sanctions of members.

pub mod blocked;
pub mod cases;
pub mod comments;
pub mod hiding;
mod refusal;
pub mod remixes;
pub mod review;
pub mod sanctions;
pub mod undo;

pub use cases::{Outcome, Thing};
pub use refusal::Refusal;
