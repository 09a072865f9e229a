//! Moderation: cases, new photos at a glance, held comments, doubtful ratings, blocked pictures, and what moderators
//! did. Moderators and admins see these pages, and everybody else gets a 404.

pub mod acts;
pub mod blocked;
pub mod comments;
pub mod doubtful;
pub mod members;
pub mod newest;
pub mod review;
pub mod transparency;
