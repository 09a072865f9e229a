//! The scheduler: enqueues jobs when they are due, and does nothing else.
//!
//! [`schedule`] is the cron table, [`tick`] the pure arithmetic of ticks, `serve` the process's life. What fired is in
//! the database, so any number of schedulers may run: each tick is one job.

pub mod schedule;
mod serve;
pub mod tick;

pub use serve::{run, serve};
