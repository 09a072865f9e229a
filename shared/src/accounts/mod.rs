//! Accounts: anonymous and registered users, sessions, passwords, and links sent by mail.

pub mod blocks;
mod fields;
pub mod links;
pub mod networks;
mod password;
pub mod passwords;
pub mod proof;
pub mod queries;
pub mod refusals;
mod reserved;
pub mod sessions;
mod types;

pub use fields::{Email, Name, Refused};
pub use password::Password;
pub use types::{RaterKey, Role, User};
