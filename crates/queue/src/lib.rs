//! The job queue: an apalis [`Backend`](apalis_core::backend::Backend) over Postgres.
//!
//! # Tables
//!
//! | table | holds |
//! |---|---|
//! | `jobs` | live jobs only; small and hot |
//! | `job_history` | what ended, for as long as the kind asks |
//! | `job_errors` | the history's errors once more, close together, for finding them by their text |
//! | `job_workers` | a row a worker process, whose heartbeat is the lease on all that the process has claimed |
//! | `job_batches` | a row a claim with what it took, until none of that runs any more: where running jobs are found |
//! | `job_queues`, `job_partitions` | what operators set for a queue, and whose turn it is in it |
//! | `job_movements`, `job_minutes`, `job_totals` | the accounts: what each statement moved, folded into rates and balances |
//! | `job_groups` | how many members a fan-out still waits for |
//! | `schedules`, `schedule_ticks` | the cron table as it runs, and which ticks fired |
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
//!                    ├── what it needs is away: later (attempt − 1) ─────────┤
//!                    ├── no handler here: later (attempt − 1) ───────────────┤
//!                                                                            │
//!                job_history:  done ◀── finished ────────────────────────────┤
//!                              dead ◀── gave up, or out of attempts ─────────┤
//!                         cancelled ◀── called off, from any live state ─────┘
//! ```
//!
//! An admin can bring a dead or cancelled job back to `ready`. Every way out of `running` moves the fence on.
//!
//! # Promises
//!
//! 1. **Atomic enqueue.** [`Enqueue::enqueue`] works on the caller's transaction; many at once is one statement.
//! 2. **At least once, fenced.** An outcome counts only with the claim's number and worker. A handler can end its claim
//!    in its own transaction ([`Claim::complete`]), so its effects happen once.
//! 3. **Leases.** A process writes a heartbeat every 3 s; when it was silent for 15 s, any other process hands its jobs
//!    back, so a job runs again at most 18 s after a `kill -9`. The lease is the process's, so a job may take as long as
//!    it likes in a live one. Silence that the database itself caused is not held against anybody. A claim whose answer got
//!    lost on the way is told by the heartbeat from those that are worked on, as soon as a lease would be over after a claim
//!    failed, and within a minute more where no error told of it.
//! 4. **Bounded.** An attempt counts when it is claimed, so a job that kills its worker ends too.
//! 5. **Isolated.** A payload that does not decode, a panic or a timeout fails that job only. While the database is
//!    away the process waits, and writes the outcome of finished work when it is back.
//! 6. **Unique jobs.** A unique key makes a second enqueue a no-op, or a change of the live job; never an error.
//! 7. **Cron once.** A tick is a row with a primary key, taken in the transaction that enqueues its job.
//! 8. **Control.** Pause, limits of concurrency and rate per queue and per partition over all processes, fair turns
//!    between partitions; cancel, retry, delete.
//! 9. **Conservation.** enqueued = done + dead + cancelled + live, kept by the statements that move jobs and checked
//!    every minute.
//! 10. **Fast and quiet.** Claims and outcomes go in batches, on connections of their own, at the same time. `LISTEN`
//!     announces work once its transaction has committed, for many transactions at once; a poll every 1.5 s finds what
//!     no notification told. An idle process makes one query a second.
//! 11. **History** outside the hot table, for as long as each kind asks, each failed attempt with its worker and error.
//!
//! # What was measured, and chosen
//!
//! On 2 cores with a local Postgres 15; `make bench-queue` measures the whole against its peers.
//!
//! - **One row a job, updated by the claim and deleted by the outcome, in batches.** Updating rows where they were found, by
//!   `ctid`, saves a tenth of the claim, and deleting claims that are alike without a join a seventh of the deletion.
//! - **A claim writes to no index.** What it changes is in none, so the row's new version goes beside the old one, on a page
//!   that keeps room for it (a heap-only tuple); `open` and not the state says which rows the order of claims is about. For
//!   1,000 jobs that is 8 ms where it was 11, and their deletion 4 where it was 5. With pages filled to 70 % it is slower than
//!   before: versions go to other pages and to the index after all.
//! - **What runs is noted a claim at a time**, in `job_batches`, since no index of the jobs knows it.
//! - **A burst of claims keeps its connection.** Five connections that take turns have five plans and caches to fill, and a
//!   ping each time.
//! - **As far ahead as jobs end fast** (`slots`): what ends in 25 ms, 2,000 at most. A fixed number is too small for jobs
//!   that take no time, which run out before the next claim, and too large for long ones, which wait here while another
//!   process is idle.
//! - **Claims don't wait for the disk.** A commit takes as long as a flush, here 0.2 to 3 ms, and a claim that is
//!   forgotten in a crash is worth nothing anyway: its job is ready again. It would be added to every job's way from its
//!   enqueueing to its start. Enqueueing and outcomes wait.
//! - **No index that the hot path does not use.** A plain job is in two: its id, and the order of what is open. Those for
//!   keys, subjects and partitions are partial and cost only jobs that have one.
//! - **Accounts are appended, not updated.** A counter's row would make all enqueueing transactions wait for each other.
//! - **A backlog is worked off from where the last claim ended** (`claims`), so that entries of ended jobs, which no
//!   vacuum removes while somebody holds an old snapshot, are stepped over four times a second and not at each claim.
//! - **Payloads stay text** between Postgres and the handler's own type.
//!
//! # Where is what
//!
//! [`job`] policy of a kind · [`enqueue`] in · `partition` turns · `claim`, `claims`, `limited` out, as far
//! ahead as `slots` say · [`limits`] rates · `settle` how a claim ends, `ack` writes it in batches, and has claims wait
//! where it can't · `lease` and `heartbeat` recovery, `holding` what this process has · `wake` LISTEN and poll ·
//! [`process`] ties these together · [`backend`] for apalis · [`runner`] calls handlers, [`monitor()`] runs them · [`groups`] fan-out · [`cron`]
//! ticks, [`schedules`] what is known of them · [`inspect`], [`ledger`] for whoever looks, [`control`] what can be done.

mod ack;
pub mod backend;
mod claim;
mod claims;
pub mod control;
pub mod cron;
pub mod enqueue;
pub mod groups;
mod heartbeat;
mod holding;
mod ids;
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
pub mod runner;
pub mod schedules;
mod settle;
mod slots;
mod wake;

pub use claim::{Claim, ClaimLost, Claimed};
pub use enqueue::Enqueue;
pub use ids::{JobId, WorkerId};
pub use job::{Backoff, Duplicate, Job, Queue, Subject, Unique};
pub use limits::Limits;
pub use monitor::monitor;
pub use process::Process;
pub use runner::{JobError, Runner};
pub use slots::Capacity;

/// What the tables are made by.
#[cfg(test)]
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
