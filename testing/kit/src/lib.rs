//! What several crates' tests and the demo share: a private Postgres and Redis, a line to them that can break, a mailbox
//! that speaks SMTP, workers, and waiting.

pub mod operators;
pub mod relay;
pub mod sink;
pub mod stack;
pub mod waiting;
pub mod workers;
