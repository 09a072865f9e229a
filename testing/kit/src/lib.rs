//! What several crates' tests share.

pub mod operators;
pub mod waiting;
pub mod workers;
