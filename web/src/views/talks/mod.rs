//! The pages of calls and of the talks that are pitched in them.

pub mod board;
pub mod calls;
pub mod dashboard;
mod head;
pub mod results;
pub mod talk;
mod when;

pub use head::{CallHead, CallTab, HubCrumb};
pub use when::When;
