//! Reports: members tell moderators what is wrong with a photo, a comment, a talk, a hub or a member.

mod acts;
pub mod api;
pub mod own;
pub mod page;
mod target;
