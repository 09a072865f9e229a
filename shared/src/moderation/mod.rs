//! Moderation of pictures, comments, talks, hubs and members' reports: what moderators do, how it is undone, and the
//! cases in which they judge what was reported.

pub mod blocked;
pub mod cases;
pub mod comments;
pub mod hiding;
mod refusal;
pub mod review;
pub mod undo;

pub use cases::{Outcome, Thing};
pub use refusal::Refusal;
