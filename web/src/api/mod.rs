//! The JSON API's callers, shapes and document. The handlers live with their features, in files named `api.rs`.

pub mod caller;
pub mod document;
pub mod paging;
pub mod reference;
pub mod scopes;
pub mod shapes;
