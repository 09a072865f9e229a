//! The worker: claims jobs and runs their handlers.
//!
//! `serve` is the process's life, `register` the list of what handles what, [`handlers`] one file a kind of job.

mod env;
pub mod handlers;
mod mails;
mod register;
mod serve;

pub use env::{DECODE, Env};
pub use register::{queues, runner};
pub use serve::{run, serve};
