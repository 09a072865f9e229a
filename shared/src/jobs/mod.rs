//! The payloads of every kind of job; their handlers are in the worker.

pub mod cache;
pub mod mail;
pub mod media;
pub mod metrics;
pub mod ranking;
pub mod upkeep;
