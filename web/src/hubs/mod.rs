//! Hubs: who may see them.

pub mod access;
