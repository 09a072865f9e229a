//! The JSON API's callers, shapes and document. Its handlers are with their features, in files called `api.rs`.

pub mod caller;
pub mod document;
pub mod reference;
pub mod shapes;
