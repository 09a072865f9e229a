//! Topics: their list, their pages and feeds, and the pages where moderators tend them.

pub mod api;
pub mod atom;
pub mod find;
pub mod hub;
pub mod list;
pub mod moderate;
pub mod show;
