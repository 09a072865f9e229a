//! Postgres: transactions that survive dropped futures, calls that share a batch, and notifications that are sent after the
//! commit.

mod announcer;
mod batcher;
mod ids;
#[cfg(test)]
mod tests;
mod transaction;

pub use announcer::CHANNEL;
pub use batcher::Batcher;
pub use transaction::{Conflict, Db, FollowUps, Tx, despite_deadlocks, retry_conflicts};
