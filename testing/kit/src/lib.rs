//! Test infrastructure shared by several crates and the demo: a private Postgres and Redis, a relay that simulates
//! a broken network, an SMTP sink, workers, and waiting.

pub mod operators;
pub mod relay;
pub mod sink;
pub mod stack;
pub mod waiting;
pub mod workers;
