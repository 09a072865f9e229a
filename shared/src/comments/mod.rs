//! Comments on photos: what they may say, who sees which, and how fast a member may write them.
//!
//! A comment belongs to a thread: that of the comment that it answers, or its own. Threads have one level, so a reply
//! to a reply belongs beside it. Nobody reads a photo's comments before having rated it, except its owner and
//! moderators.

pub mod cached;
mod fields;
pub mod leaving;
pub mod links;
pub mod lists;
pub mod pace;
mod permission;
mod refusal;
mod same;
mod types;
pub mod withhold;
pub mod write;

pub use fields::CommentText;
pub use pace::Bounds;
pub use permission::{commenters_of, set_commenters};
pub use refusal::Refusal;
pub use types::{Author, Comment, CommentState, Position, Viewer};
