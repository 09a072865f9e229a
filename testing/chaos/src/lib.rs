//! Tests of the job queue and of the whole site that break things and count.
//!
//! The site's part is [`storm`]. In the queue's, web-like enqueuers, workers and schedulers run as processes of their own against a private Postgres, and meet
//! everything that happens to processes, networks and databases. Three accounts are kept that the queue has no part in:
//!
//! - the **ledger**: every enqueue whose commit was acknowledged ([`ledger`]);
//! - the **effects**: a row for each effect, written in the transaction of the job's ack ([`effects`]);
//! - the **starts**: a line for each handler that started ([`starts`]).
//!
//! Then everything is healed, and [`verdict`] compares them with what the queue says of itself. `pawdium-chaos` is one
//! such run ([`run`]) and a storm after it; each fault is also a test of its own, in `tests/`.

pub mod cast;
pub mod effects;
pub mod handlers;
pub mod kinds;
pub mod ledger;
pub mod process;
pub mod roles;
pub mod run;
mod servers;
pub mod sessions;
pub mod starts;
pub mod storm;
pub mod verdict;
mod watchdog;
