//! What the pages show: one struct a page or part, filled by handlers and rendered by `web/templates`.
//!
//! The structs hold plain data and know neither the database nor HTTP. A part (`templates/<feature>/_part.html`) has
//! a struct of its own, because a live refresh or a cache sends it without the page around it.

pub mod accounts;
pub mod admin;
pub mod api;
mod chrome;
pub mod demo;
pub mod errors;
mod filters;
mod form;
mod fragment;
mod listing;
pub mod members;
pub mod photo;
mod picture;
pub mod rate;
pub mod settings;
mod species;
pub mod submit;
pub mod top;
pub mod trending;

pub use chrome::{Chrome, Flash, Theme, Tone, Viewer};
pub(crate) use filters::grouped;
pub use form::Field;
pub use fragment::Fragment;
pub use listing::{Paging, PhotoCard, PhotoGrid};
pub use picture::{Picture, PictureSize};
