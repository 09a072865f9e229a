//! What members are notified of.

pub mod api;
pub mod page;
pub mod settings;
pub mod unsubscribe;
