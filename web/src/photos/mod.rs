//! Photos: submitting, drafts, showing, editing, remixing, sharing, deleting, and serving their files.

pub mod api;
pub mod block;
pub mod changes;
pub mod delete;
pub mod drafts;
pub mod edit;
mod fields;
pub mod find;
pub mod hide;
pub mod lineage;
pub mod media;
pub mod moments;
pub mod picture;
pub mod place;
pub mod posting;
pub mod present;
pub mod publish;
mod quota;
pub mod remix;
pub mod revisions;
pub mod share;
pub mod show;
pub mod stats;
pub mod submit;
mod unfiled;
pub mod upload;
pub mod visits;
