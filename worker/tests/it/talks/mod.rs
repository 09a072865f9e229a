//! Calls, talks and votes on a real database.

mod leaving;
mod owners;
mod results;
mod stage;
mod tally;
mod voting;
