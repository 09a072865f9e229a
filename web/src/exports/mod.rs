//! Archives of what members have on the site: asking for one, and downloading it.

pub mod api;
pub mod download;
pub mod request;
