//! The scheduler enqueues jobs when they are due, and does nothing else.
//!
//! [`schedule`] is the cron table, [`tick`] the arithmetic of ticks, and `serve` the main loop. The database has the ticks
//! that fired, so any number of schedulers can run, and each tick is one job.

pub mod schedule;
mod serve;
pub mod tick;

pub use serve::{run, serve};
