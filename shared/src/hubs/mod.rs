//! Hubs: communities with members, photos and a page of widgets. A member's profile is a hub of their own.

pub mod about;
pub mod activity;
pub mod bookmarks;
pub mod changes;
pub mod facts;
pub mod feed;
mod fields;
pub mod lists;
mod locks;
pub mod members;
pub mod quarantine;
pub mod queries;
mod refusal;
pub mod removal;
pub mod requests;
pub mod shown;
mod slug;
pub mod succession;
pub mod time_zones;
mod types;

pub use changes::{HubChanges, NewHub};
pub use fields::{HubName, Summary};
pub use locks::lock_for_owner;
pub(crate) use locks::{hold_users, lock, lock_open, membership};
pub use refusal::Refusal;
pub use slug::Slug;
pub use types::{Hub, HubRole, Joining, Visibility};
