//! Pawdium's domain: types, rules and SQL, the job queue, and one module for each outside system.

pub mod ids;
pub mod queue;
