//! Accounts: anonymous and registered users, sessions, passwords, and links sent by mail.

pub mod agent;
pub mod blocks;
pub mod factors;
mod fields;
mod gated;
pub mod links;
pub mod networks;
pub mod origin;
mod password;
pub mod passwords;
mod prefix;
pub mod proof;
pub mod queries;
pub mod refusals;
mod reserved;
mod scope;
pub mod sessions;
pub mod standing;
pub mod tokens;
mod types;

pub use fields::{Email, Name, Refused};
pub use gated::Gated;
pub use origin::Origin;
pub use password::Password;
pub use prefix::Prefix;
pub use scope::{Scope, Scopes};
pub use standing::{Act, Standing};
pub use types::{RaterKey, Role, User};
