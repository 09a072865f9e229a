//! Photos: submitting, showing, sharing, deleting, and serving their files.

pub mod api;
pub mod block;
pub mod delete;
pub mod find;
pub mod media;
pub mod moments;
pub mod place;
pub mod posting;
pub mod present;
pub mod publish;
mod quota;
pub mod share;
pub mod show;
pub mod submit;
pub mod upload;
pub mod visits;
