//! Chaos tests of the job queue and of the whole site.
//!
//! [`storm`] tests the site. [`run`] tests the queue: enqueuers, workers and schedulers run as processes with a private
//! Postgres, while faults hit processes, connections and the database. Three records are kept independently of the queue:
//!
//! - the **ledger**: each enqueue whose commit was acknowledged ([`ledger`]);
//! - the **effects**: a row for each effect, written in the transaction that completes the job ([`effects`]);
//! - the **starts**: a line for each handler that started ([`starts`]).
//!
//! After the healing, [`verdict`] compares these records with the queue's tables. `pawdium-chaos` is a run and then a
//! storm. Each fault also has a test of its own in `tests/`.

pub mod effects;
pub mod handlers;
pub mod kinds;
pub mod launch;
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
