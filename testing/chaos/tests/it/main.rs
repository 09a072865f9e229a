//! Each fault alone, in a short form, and a short run of all of them. `DATABASE_URL` says where databases can be made, as
//! `pawdium-demo with-stack` sets it; tests that end Postgres itself have one of their own.
//!
//! # Do they bite?
//!
//! The queue was broken on purpose, one way at a time; each turned at least one test red. Where nothing but a worker's own
//! tests can tell (nobody pauses, limits or cancels here, and the poll covers for notifications), those did.
//!
//! | broken how | test that turned red | what it said |
//! |---|---|---|
//! | outcomes count by job id alone, without claim number and worker | `freezes::a_worker_frozen_past_its_lease_…` | not within 30s: job 1 is done |
//! | the same | `shared`: `queue::model::jobs_go_the_ways_of_the_model_…` | left: true, right: false (the outcome of a lost claim counted) |
//! | attempts not counted by the claim | `poison::jobs_that_take_their_worker_with_them_…` | two attempts each (a fifth death) |
//! | the same | `kills::a_job_longer_than_the_lease_…` | left: 0, right: 50 attempts |
//! | jobs of workers that are gone never handed back | `kills::jobs_of_a_killed_worker_…` | not within 30s: job 1 is done |
//! | the same | `poison::jobs_that_take_their_worker_with_them_…` | not within 60s: no job is live |
//! | claims don't note what they took | `kills::jobs_of_a_killed_worker_…` | not within 30s: job 1 is done |
//! | the same | `poison::jobs_that_take_their_worker_with_them_…` | not within 60s: no job is live |
//! | the same | `shared`: `queue::model::jobs_go_the_ways_of_the_model_…` | left: 1, right: 0 running jobs that no claim notes |
//! | a worker that fell silent keeps its lease | `freezes::a_worker_frozen_past_its_lease_…` | not within 30s: the other has the job |
//! | `on conflict` left out of the enqueueing | `databases::sessions_that_claim_ack_listen_…` | an enqueue was refused: duplicate key value violates unique constraint "jobs_unique_key" |
//! | an outcome written once, not again after an error | `databases::postgres_may_crash_amid_claims_…` | not within 30s: job 241 is done |
//! | outcomes append no movements | `conditions::one_connection_is_enough_…`, `poison::a_panic_a_hang_…` | the queue's own accounts don't balance: enqueued: 300, done: 0, dead: 0, cancelled: 0, live: 0 |
//! | the poll rings no bell | `wakeups`: both | not within 30s: job 1 is done |
//! | a worker that was silent itself judges at its first heartbeat | `databases::a_worker_that_was_silent_itself_…` | PT2.995671S after its last one, less than two heartbeats |
//! | a restart of Postgres excuses nobody | `databases::a_worker_has_as_long_as_ever_…` | PT0.212591S after the restart, not 15 s |
//! | no thorough heartbeats | `databases::claims_whose_answer_was_lost_…` | not within 30s: job 1 is done |
//! | a claim that is held already is held again | `databases::a_claim_that_the_database_forgot_…` | left: 2, right: 1 starts |
//! | a spent job is tried again when its worker dies | `poison::jobs_that_take_their_worker_with_them_…` | two attempts each (a fifth death) |
//! | no notification from enqueueing and from handing back | `worker`: `order::a_notification_wakes_the_worker_…` | waits of 1.48 to 1.51 s: the poll's |
//! | called off without a word to whoever runs it, heartbeat included | `worker`: `control::what_runs_is_stopped_when_it_is_called_off_…` | not within 60s: 1 of "second" are in |
//! | called off without a notification | `worker`: `control::a_worker_that_is_told_stops_…` | not within 60s: it is stopped |
//! | heartbeats don't look for what was called off | `worker`: `control::a_worker_that_hears_nothing_…` | not within 60s: it is stopped |
//! | claims heed no pause | `worker`: `control::a_paused_queue_rests_…` | not within 60s: what was claimed ahead is back |
//! | claims heed no limit on what runs of a partition | `worker`: `limits::no_more_jobs_of_a_partition_…` | not within 60s: 2 of "slow" are in |
//! | claims heed no limit on what runs at once, of a queue or a partition | `worker`: `limits::no_more_jobs_of_a_queue_…` | not within 60s: 3 of "" are in |
//! | claims heed no rate of a partition | `worker`: `limits::a_partition_at_its_rate_…` | left: Done, right: "ready" |
//! | what a shutdown hands back counts as an attempt | `worker`: `shutdowns::what_does_not_end_in_time_…` | left: ("ready", 1), right: ("ready", 0) |
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
