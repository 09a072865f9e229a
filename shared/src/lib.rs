//! Pawdium.

pub mod config;
pub mod db;
pub mod shutdown;
pub mod telemetry;
