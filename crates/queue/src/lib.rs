//! The job queue: an apalis [`Backend`](apalis_core::backend::Backend) over Postgres.
//!
//! # Tables
//!
//! | table | rows |
//! |---|---|
//! | `jobs` | live jobs only; small and hot |
//! | `job_history` | ended jobs, for as long as their kind asks |
//! | `job_errors` | the errors of the history again, close together, for the search by their text |
//! | `job_workers` | the worker processes, with their heartbeats; a process's row is its lease on all jobs that it has claimed |
//! | `job_batches` | the jobs of each claim, until none of them runs; this is how running jobs are found |
//! | `job_queues`, `job_partitions` | the settings of queues, and the turns of their partitions |
//! | `job_movements`, `job_minutes`, `job_totals` | the accounts: the numbers that each statement moved, folded into rates and balances |
//! | `job_groups` | how many members a fan-out still waits for |
//! | `schedules`, `schedule_ticks` | the schedules, and the ticks that fired |
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
//!                    ├── failed, attempts left: backoff with jitter ─────────┤
//!                    ├── something is away: later (attempt − 1) ─────────────┤
//!                    ├── no handler here: later (attempt − 1) ───────────────┤
//!                                                                            │
//!                job_history:  done ◀── finished ────────────────────────────┤
//!                              dead ◀── gave up, or out of attempts ─────────┤
//!                         cancelled ◀── cancelled, from any live state ──────┘
//! ```
//!
//! An admin can make a dead or cancelled job `ready` again. Every way out of `running` increments the fence.
//!
//! # Promises
//!
//! 1. **Atomic enqueue.** [`Enqueue::enqueue`] uses the caller's transaction. Many jobs are one statement.
//! 2. **At least once, fenced.** An outcome counts only with the claim's number and worker. A handler can complete its
//!    claim in its own transaction ([`Claim::complete`]), so that its effects happen once.
//! 3. **Leases.** A process sends a heartbeat every 3 s. After 15 s without one, another process hands its jobs back, so
//!    a job runs again at most 18 s after a `kill -9`. The lease belongs to the process, so a job in a live process may
//!    take as long as it likes. Time that the database was away does not count as silence. If the answer to a claim is
//!    lost, the heartbeat finds its jobs: 15 s to 18 s after a failed claim, and otherwise within another minute.
//! 4. **Bounded.** An attempt counts when it is claimed, so a job that kills its worker runs out of attempts too.
//! 5. **Isolated.** A payload that does not decode, a panic or a timeout fails only its job. While the database is away the
//!    process waits, and it writes the outcomes of finished jobs when the database is back.
//! 6. **Unique jobs.** Enqueueing a second job with the same key does nothing or changes the live job. It is never an
//!    error.
//! 7. **Cron once.** A tick is a row with a primary key, inserted in the transaction that enqueues its job.
//! 8. **Control.** Pause, limits of concurrency and rate for each queue and partition over all processes, fair turns
//!    between partitions; cancel, retry, delete.
//! 9. **Conservation.** enqueued = done + dead + cancelled + live. The statements that move jobs count them, and a job
//!    checks the sum every minute.
//! 10. **Fast and quiet.** Claims and outcomes go in batches, in parallel, on connections of their own. Committed work is
//!     announced by `NOTIFY`, for many transactions at once, also when a short delay ends. A poll every 1.5 s finds what was
//!     not announced. An idle process makes one query a second.
//! 11. **History** outside the hot table, for as long as each kind asks, with the worker and error of each failed attempt.
//!
//! # Measured design decisions
//!
//! The measurements are from 2 cores with a local Postgres 15. `make bench-queue` compares the whole queue with its peers.
//!
//! - **One row per job, updated by the claim and deleted by the outcome, in batches.** Updating rows by `ctid` saves a
//!   tenth of the claim, and deleting jobs with the same claim number without a join saves a seventh of the deletion.
//! - **A claim writes to no index.** It changes no indexed column, so the new version of the row stays on the same page,
//!   which has room for it (a heap-only tuple). The index of the order of claims uses `open` and not the state. For 1,000
//!   jobs, claiming takes 8 ms instead of 11 ms, and deleting 4 ms instead of 5 ms. With pages filled to 70 % it is
//!   slower, because versions then move to other pages.
//! - **Running jobs are noted in `job_batches`**, one row per claim, because no index of `jobs` has them.
//! - **A burst of claims keeps its connection.** Five connections in turn would each need a plan, a cache and a ping.
//! - **Prefetching follows the pace** (`slots`): as many jobs as end in 25 ms, at most 2,000. A fixed number is too small
//!   for jobs that take no time, because they run out before the next claim, and too large for long jobs, because they wait
//!   here while another process is idle.
//! - **Claims don't wait for the disk.** A flush takes 0.2 to 3 ms, which would delay the start of every job. A claim
//!   that a crash forgets does no harm: its job is ready again. Enqueueing and outcomes wait for the disk.
//! - **Only the indexes that the hot path needs.** A plain job is in two: the primary key and the order of open jobs. Those
//!   for keys, subjects and partitions are partial.
//! - **Accounts are appended, not updated.** All enqueueing transactions would wait for the row of a counter.
//! - **A backlog is worked off from where the last claim ended** (`claimer`). Index entries of ended jobs stay while a
//!   transaction has an old snapshot open; this way they are stepped over four times a second and not by each claim.
//! - **Payloads stay text** between Postgres and the handler's own type.
//!
//! # Modules
//!
//! [`job`]: the policy of a kind · [`enqueue`] · [`partition`]: turns · `claim`, `claimer`, `limited`: claiming, up to
//! the number of `slots` · [`limits`]: rates · `settle`: the outcomes, which `completer` writes in batches · `lease`,
//! `heartbeat`, `reaper`: recovery · `in_flight`: the jobs of this process · `wake`: LISTEN and poll · [`process`]: all
//! of these together · [`backend`]: for apalis · [`runner`]: calls handlers · [`monitor()`]: runs queues · [`groups`]:
//! fan-out · [`cron`]: ticks · [`schedules`] · [`inspect`], [`ledger`]: the read side · [`control`]: actions of admins.

pub mod backend;
mod claim;
mod claimer;
mod completer;
pub mod control;
pub mod cron;
pub mod enqueue;
pub mod groups;
mod heartbeat;
mod ids;
mod in_flight;
pub mod inspect;
pub mod job;
mod lease;
pub mod ledger;
mod limited;
pub mod limits;
#[cfg(test)]
mod model;
mod monitor;
pub mod partition;
pub mod process;
mod reaper;
pub mod runner;
pub mod schedules;
mod settle;
mod slots;
mod state;
mod wake;

pub use claim::{Claim, ClaimLost, Claimed};
pub use enqueue::Enqueue;
pub use ids::{GroupId, JobId, WorkerId};
pub use job::{Backoff, Duplicate, Job, Queue, Subject, Unique};
pub use limits::Limits;
pub use monitor::monitor;
pub use process::Process;
pub use runner::{JobError, Runner};
pub use slots::Capacity;

/// The migrations that create the tables.
#[cfg(test)]
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
