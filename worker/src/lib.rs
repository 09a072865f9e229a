//! The worker: claims jobs and runs their handlers.
//!
//! `serve` runs the process, `register` maps job kinds to handlers, and [`handlers`] has one file per kind. `exports`
//! writes the archives of what members have.

mod env;
mod exports;
pub mod handlers;
mod mails;
mod register;
mod serve;

pub use env::{DECODE, Env};
pub use register::{queues, runner};
pub use serve::{run, serve};
