//! Hubs: communities with members, photos and a page of widgets. A member's profile is a hub of their own.

pub mod activity;
pub mod feed;
pub mod queries;
mod types;

pub use activity::ActivityVerb;
pub use types::{Hub, HubRole, Joining, Visibility};
