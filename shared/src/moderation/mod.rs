//! What moderators keep off the site.

pub mod blocked;
