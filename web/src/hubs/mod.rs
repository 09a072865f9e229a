//! Hubs: their list, making and configuring them, and their people. The handlers of pages and of the API share `acts`.

pub mod access;
mod acts;
pub mod api;
pub mod atom;
pub mod edit;
pub mod facts;
pub mod feed;
pub mod head;
mod here;
mod kept;
pub mod list;
pub mod members;
pub mod new;
pub mod page;
pub mod part;
pub mod roles;
pub mod settings;
pub mod widgets;

pub use kept::KeptParts;
