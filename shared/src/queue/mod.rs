//! The job queue: an apalis [`Backend`](apalis_core::backend::Backend) over Postgres.
//!
//! # Tables
//!
//! `jobs` holds live jobs only and stays small and hot; `job_history` holds what ended, for as long as the kind asks;
//! `job_workers` holds one row a worker process, whose heartbeat is the lease on all that the process has claimed.
//!
//! # States
//!
//! ```text
//!              enqueue(delay)           enqueue
//!                    │                     │
//!                    ▼       due           ▼        claim: attempt + 1, fence + 1
//!               scheduled ───────────▶   ready ─────────────────────────▶ running
//!                    ▲                     ▲                                 │
//!                    │                     ├── handed back (attempt − 1) ────┤
//!                    │                     ├── lease lost, attempts left ────┤
//!                    └── failed, attempts left: backoff with jitter ─────────┤
//!                                                                            │
//!                job_history:  done ◀── finished ────────────────────────────┤
//!                              dead ◀── gave up, or out of attempts ─────────┘
//! ```
//!
//! # Promises
//!
//! - **Atomic enqueue.** [`Enqueue::enqueue`] works on the caller's transaction; many at once is one statement. A
//!   unique key makes a second enqueue a no-op (or a change of the live job), never an error.
//! - **At least once, fenced.** Each claim and hand-back bumps `jobs.claim`; an outcome counts only with the current
//!   number. A handler can end its claim in its own transaction ([`Claim::complete`]), so its effects happen once.
//! - **Leases.** A process writes a heartbeat every 3 s; when it was silent for 15 s, any other process removes its
//!   row and hands its jobs back, so a job runs again at most 18 s after a `kill -9`. The lease is the process's, so
//!   a job may take as long as it likes in a live one. Silence that the database itself caused is not held against
//!   anybody.
//! - **Bounded.** An attempt counts when it is claimed, so a job that kills its worker ends too.
//! - **Isolated.** A payload that does not decode, a panic or a timeout fails that job only. While the database is
//!   away the process waits, and writes the outcome of finished work when it is back.
//! - **Awake.** `LISTEN` announces work, one notification a transaction and queue; a poll every 1.5 s finds what no
//!   notification told. An idle process makes one query a second.
//!
//! # Where is what
//!
//! [`job`] policy of a kind · [`enqueue`] in · `claim` out · `ack` how it ended · `lease` heartbeat and recovery ·
//! `wake` LISTEN and poll · [`process`] ties these together · [`backend`] for apalis · [`runner`] calls handlers ·
//! [`cron`] ticks · [`schedules`] what is known of them · [`inspect`] and [`control`] for admins.

mod ack;
pub mod backend;
mod claim;
mod claims;
pub mod control;
pub mod cron;
pub mod enqueue;
pub mod groups;
mod holding;
pub mod inspect;
pub mod job;
mod lease;
pub mod ledger;
mod limited;
pub mod limits;
pub mod partition;
pub mod process;
pub mod runner;
pub mod schedules;
mod settle;
mod wake;

pub use claim::{Claim, ClaimLost, Claimed};
pub use enqueue::Enqueue;
pub use job::{Backoff, Duplicate, Job, Queue, Subject, Unique};
pub use limits::Limits;
pub use process::{Capacity, Process};
pub use runner::{JobError, Runner};
