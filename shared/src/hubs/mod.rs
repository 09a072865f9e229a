//! Hubs: communities with members, photos and a page of widgets. A member's profile is a hub of their own.

pub mod bookmarks;
pub mod queries;
mod types;

pub use types::{Hub, HubRole, Joining, Visibility};
