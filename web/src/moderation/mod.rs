//! Moderation: new photos at a glance, held comments, doubtful ratings and blocked pictures. Moderators and admins see
//! these pages, and everybody else gets a 404.

pub mod blocked;
pub mod comments;
pub mod doubtful;
pub mod newest;
