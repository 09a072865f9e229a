//! Tests of each fault alone, and a short run of all faults. `DATABASE_URL` names the server for the tests' databases, as
//! set by `pawdium-demo with-stack`. Tests that crash Postgres have one of their own.
//!
//! # Mutations
//!
//! The queue was broken on purpose, in one way at a time, and each mutation failed at least one test. Pauses, limits,
//! cancellations and notifications have their tests in `crates/queue`.
//!
//! | mutation | failing test | message |
//! |---|---|---|
//! | outcomes count by the job's id alone, without claim number and worker | `freezes::a_worker_frozen_past_its_lease_…` | not within 30s: job 1 is done |
//! | the same | `queue`: `model::jobs_take_the_transitions_of_the_model_…` | left: true, right: false (the outcome of a lost claim counted) |
//! | claims don't count attempts | `poison::jobs_that_take_their_worker_with_them_…` | two attempts each (a fifth death) |
//! | the same | `kills::a_job_longer_than_the_lease_…` | left: 0, right: 50 attempts |
//! | jobs of workers that are gone are never handed back | `kills::jobs_of_a_killed_worker_…` | not within 30s: job 1 is done |
//! | the same | `poison::jobs_that_take_their_worker_with_them_…` | not within 60s: no job is live |
//! | claims don't note their batch | `kills::jobs_of_a_killed_worker_…` | not within 30s: job 1 is done |
//! | the same | `poison::jobs_that_take_their_worker_with_them_…` | not within 60s: no job is live |
//! | the same | `queue`: `model::jobs_take_the_transitions_of_the_model_…` | left: 1, right: 0 running jobs that are in no batch |
//! | a worker that fell silent keeps its lease | `freezes::a_worker_frozen_past_its_lease_…` | not within 30s: the other has the job |
//! | enqueueing without `on conflict` | `databases::sessions_that_claim_complete_listen_…` | an enqueue was refused: duplicate key value violates unique constraint "jobs_unique_key" |
//! | outcomes are not written again after an error | `databases::postgres_may_crash_amid_claims_…` | not within 30s: job 241 is done |
//! | outcomes append no movements | `conditions::one_connection_is_enough_…`, `poison::a_panic_a_hang_…` | the queue's own accounts don't balance: enqueued: 300, done: 0, dead: 0, cancelled: 0, live: 0 |
//! | the poll wakes nothing | `wakeups`: both | not within 30s: job 1 is done |
//! | a worker that was silent itself ends leases at its first heartbeat | `databases::a_worker_that_was_silent_itself_…` | PT2.995671S after its last one, less than two heartbeats |
//! | a restart of Postgres counts as silence | `databases::a_worker_has_its_whole_lease_…` | PT0.212591S after the restart, not 15 s |
//! | no thorough heartbeats | `databases::claims_whose_answer_was_lost_…` | not within 30s: job 1 is done |
//! | a claim that is in flight is tracked again | `databases::a_forgotten_claim_…` | left: 2, right: 1 starts |
//! | a spent job is tried again when its worker dies | `poison::jobs_that_take_their_worker_with_them_…` | two attempts each (a fifth death) |
//! | no notification after enqueueing and handing back | `queue`: `order::a_notification_wakes_the_worker_…` | waits of 1.48 to 1.51 s: the poll's |
//! | jobs are cancelled without telling their worker, by notification or heartbeat | `queue`: `control::a_running_job_that_is_cancelled_…` | not within 60s: 1 of "second" are in |
//! | jobs are cancelled without a notification | `queue`: `control::a_notified_worker_stops_…` | not within 60s: it is stopped |
//! | heartbeats don't look for cancelled jobs | `queue`: `control::a_worker_without_notifications_…` | not within 60s: it is stopped |
//! | claims ignore pauses | `queue`: `pauses::a_paused_queue_rests_…` | not within 60s: what was claimed ahead is back |
//! | claims ignore the limit of running jobs of a partition | `queue`: `limits::no_more_jobs_of_a_partition_…` | not within 60s: 2 of "slow" are in |
//! | claims ignore the limits of running jobs of queues and partitions | `queue`: `limits::no_more_jobs_of_a_queue_…` | not within 60s: 3 of "" are in |
//! | claims ignore the rate of a partition | `queue`: `limits::a_partition_at_its_rate_…` | left: Done, right: "ready" |
//! | a job that a shutdown hands back counts as an attempt | `worker`: `shutdowns::what_does_not_end_in_time_…` | left: ("ready", 1), right: ("ready", 0) |
//! | the process ends before its outcomes are written | the same test | left: ("running", 1), right: ("ready", 0) |

mod bench;
mod conditions;
mod databases;
mod freezes;
mod kills;
mod poison;
mod runs;
mod schedulers;
mod shutdowns;
mod storms;
mod wakeups;
