//! Calls for talks: pitching, voting and results.

pub mod access;
pub mod acts;
pub mod api;
pub mod baked;
pub(crate) mod csv;
pub mod dashboard;
pub mod edit;
pub mod freezes;
pub mod list;
mod owner_acts;
pub mod permit;
pub mod pitching;
mod present;
pub mod results;
mod shared_order;
pub mod show;
pub mod talk;
pub mod vote;
