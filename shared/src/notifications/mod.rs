//! Notifications: what has happened to a member's photos, comments and requests.
//!
//! Each is a row. What is alike and was read at the same time, or isn't read yet, is shown as one entry. They never
//! quote anybody, because their recipient may not have rated the photo.

pub mod digests;
mod kind;
mod list;
pub mod milestones;
mod record;
mod sentence;
pub mod settings;
mod stop_links;

pub use kind::Kind;
pub use list::{About, Entry, count_unread, list};
pub use record::{News, forget_comment, forget_request, mark_read, purge, record};
pub use settings::{Choices, choices_of, choose};
pub use stop_links::StopLinks;
