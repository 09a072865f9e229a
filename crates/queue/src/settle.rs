//! The statements that end a claim: the job ends for good, or it waits again.
//!
//! Each takes a batch and changes only jobs whose claim is still the current one, so it can be repeated safely after a
//! lost connection. A claim is identified by its number and its worker, and every transition out of `running` increments
//! the number.
//!
//! Claims don't wait for the disk (see `claim`), so a crash of the database may forget the claim of a running job. Such a
//! job is ready again under the previous number. Its outcome still counts until another worker claims the job, but the
//! times that it waited and ran are lost.

use std::collections::BTreeMap;
use std::time::Duration;

use pawdium_db::CHANNEL;
use sqlx::PgConnection;

use crate::ids::{JobId, WorkerId};
use crate::state::JobState;

/// How long dead and cancelled jobs stay in the history.
const KEEP_UNSUCCESSFUL: Duration = Duration::from_hours(24 * 30);

/// How a claim ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Finished. The job stays in the history for `keep`; `None` leaves no trace.
    Done { keep: Option<Duration> },
    /// Not finished.
    Unfinished(Unfinished),
    /// Cancelled by an admin, in any live state.
    Cancelled { reason: String },
}

impl From<Unfinished> for Outcome {
    fn from(unfinished: Unfinished) -> Self {
        Self::Unfinished(unfinished)
    }
}

/// How a run ended that did not finish its job.
#[derive(Clone, Debug)]
pub(super) enum Unfinished {
    /// Failed. The job runs again after the delay.
    Retry { delay: Duration, error: String },
    /// Failed because something that the job needs is away. It runs again after the delay, and the attempt does not count.
    Deferred { delay: Duration, error: String },
    /// Failed for good.
    Dead { error: String },
    /// Not started, or stopped by a shutdown. The job is ready again, and the attempt does not count.
    HandedBack,
    /// This worker has no handler for it. The job is due after the delay, and the attempt does not count.
    Postponed { delay: Duration },
}

/// Puts the condition that a claim is the current one of a row of `jobs` into a query, in place of the dots. `$claim` and
/// `$worker` are SQL for the claim's number and worker.
///
/// The second half is about claims that a crash of the database has forgotten. If such a job has a key that only waiting
/// jobs keep, another job may have the key by now, so the outcome doesn't count.
macro_rules! if_current {
    (
        ($claim:literal, $worker:literal),
        $query:ident!($before:literal, .., $after:literal $(, $($argument:tt)*)?)
    ) => {
        sqlx::$query!(
            $before
                + "jobs.claim = "
                + $claim
                + " and jobs.worker_id is not distinct from "
                + $worker
                + "
                          or jobs.claim = "
                + $claim
                + " - 1 and jobs.worker_id is null
                             and (jobs.unique_key is null or not jobs.key_waits_only)"
                + $after
            $(, $($argument)*)?
        )
    };
}
pub(super) use if_current;

/// Identifies the claim that an outcome belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) job: JobId,
    pub(super) claim: i32,
    /// `None` if no worker has the job, because it waits.
    pub(super) worker: Option<WorkerId>,
}

/// Outcomes of claims, as columns.
#[derive(Debug, Default)]
pub(super) struct Settlements {
    ended: Ended,
    waiting: Waiting,
}

impl Settlements {
    pub(super) fn push(&mut self, fence: Fence, outcome: &Outcome) {
        match outcome {
            Outcome::Done { keep } => self.ended.push(fence, JobState::Done, *keep, None),
            Outcome::Cancelled { reason } => {
                self.ended.push(fence, JobState::Cancelled, Some(KEEP_UNSUCCESSFUL), Some(reason));
            }
            Outcome::Unfinished(unfinished) => match unfinished {
                Unfinished::Dead { error } => {
                    self.ended.push(fence, JobState::Dead, Some(KEEP_UNSUCCESSFUL), Some(error));
                }
                Unfinished::Retry { delay, error } => self.waiting.push(fence, *delay, Some(error), true),
                Unfinished::Deferred { delay, error } => self.waiting.push(fence, *delay, Some(error), false),
                Unfinished::HandedBack => self.waiting.push(fence, Duration::ZERO, None, false),
                Unfinished::Postponed { delay } => self.waiting.push(fence, *delay, None, false),
            },
        }
    }

    /// Writes them, and returns how many claims were still current.
    pub(super) async fn write(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        Ok(self.ended.write(db).await? + self.waiting.write(db).await?)
    }
}

/// Writes one outcome. If the claim is no longer current, returns `false`, and the caller's transaction must not commit.
pub(super) async fn settle_one(db: &mut PgConnection, fence: Fence, outcome: &Outcome) -> sqlx::Result<bool> {
    let mut one = Settlements::default();
    one.push(fence, outcome);
    Ok(one.write(db).await? == 1)
}

/// The error as Postgres can store it: without NUL, and at most 4,000 characters.
fn storable(error: &str) -> String {
    error.replace('\0', "\u{fffd}").chars().take(4000).collect()
}

#[derive(Debug, Default)]
struct Ended {
    jobs: Vec<i64>,
    claims: Vec<i32>,
    workers: Vec<Option<i64>>,
    outcomes: Vec<&'static str>,
    /// Seconds in the history; `None` leaves no trace.
    keep: Vec<Option<f64>>,
    errors: Vec<Option<String>>,
}

impl Ended {
    fn push(&mut self, fence: Fence, outcome: JobState, keep: Option<Duration>, error: Option<&str>) {
        self.jobs.push(fence.job.0);
        self.claims.push(fence.claim);
        self.workers.push(fence.worker.map(|worker| worker.0));
        self.outcomes.push(outcome.as_str());
        self.keep.push(keep.map(|keep| keep.as_secs_f64()));
        self.errors.push(error.map(storable));
    }

    async fn write(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        if self.jobs.is_empty() {
            Ok(0)
        } else if self.keep.iter().all(Option::is_none) {
            self.drop_done(db).await
        } else {
            self.keep_ended(db).await
        }
    }

    /// Deletes jobs that leave no trace. Jobs with the same claim number and worker, which are nearly all, go in one
    /// statement without a join.
    async fn drop_done(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        let mut alike: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for ((job, claim), worker) in self.jobs.iter().zip(&self.claims).zip(&self.workers) {
            alike.entry((*claim, *worker)).or_default().push(*job);
        }
        let mut ended = 0;
        for ((claim, worker), jobs) in alike {
            ended += drop_alike(db, &jobs, claim, worker).await?;
        }
        Ok(ended)
    }

    /// Deletes ended jobs and keeps those that have an entry in the history.
    ///
    /// - `ended` deletes the jobs whose claim is current, by the primary key, and computes how long each waited and ran.
    /// - `kept` inserts them into the history.
    /// - `counted` appends what moved to the accounts.
    async fn keep_ended(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        let ended = if_current!(("given.claim", "given.worker"), query_scalar!(
            r#"with ended as (
                   delete from jobs
                   using unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::float8[], $6::text[])
                         as given (id, claim, worker, outcome, keep, error)
                   where jobs.id = given.id
                     and ("#,
            ..,
            r#")
                   returning jobs.*, outcome, keep, error,
                             case when state = 'running' and outcome <> 'cancelled'
                                  then date_part('epoch', claimed_at - run_at) * 1000 end as waited,
                             case when state = 'running' and outcome <> 'cancelled'
                                  then date_part('epoch', clock_timestamp() - claimed_at) * 1000 end as ran
               ), kept as (
                   insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim,
                                            created_at, run_at, claimed_at, finished_at, expires_at, payload, last_error,
                                            failures, partition_key, subject, group_id, worker_id,
                                            unique_key, key_waits_only)
                   select id, queue, kind, outcome::job_outcome, priority, attempt, max_attempts, claim + 1,
                          created_at, run_at, claimed_at, clock_timestamp(), now() + make_interval(secs => keep), payload,
                          coalesce(error, last_error),
                          case when error is null or state <> 'running' then failures
                               else failures || jsonb_build_object('attempt', attempt, 'worker', worker_id,
                                        'started_at', claimed_at, 'ended_at', clock_timestamp(), 'error', error)
                          end, partition_key, subject, group_id, worker_id, unique_key, key_waits_only
                   from ended where keep is not null
               ), counted as (
                   insert into job_movements (queue, kind, done, dead, cancelled,
                                              waited_ms, ran_ms, max_waited_ms, max_ran_ms)
                   select queue, kind, count(*) filter (where outcome = 'done'),
                          count(*) filter (where outcome = 'dead'),
                          count(*) filter (where outcome = 'cancelled'),
                          coalesce(sum(waited), 0), coalesce(sum(ran), 0), coalesce(max(waited), 0),
                          coalesce(max(ran), 0)
                   from ended group by queue, kind
               )
               select count(*) as "ended!" from ended"#,
            &self.jobs,
            &self.claims,
            &self.workers as &[Option<i64>],
            &self.outcomes as &[&str],
            &self.keep as &[Option<f64>],
            &self.errors as &[Option<String>],
        ))
        .fetch_one(db)
        .await?;
        Ok(ended.unsigned_abs())
    }
}

/// Deletes finished jobs that have the same claim number and worker.
async fn drop_alike(
    db: &mut PgConnection,
    jobs: &[i64],
    claim: i32,
    worker: Option<i64>,
) -> sqlx::Result<u64> {
    let ended = if_current!(("$2", "$3"), query_scalar!(
        r#"with ended as (
               delete from jobs
               where id = any($1)
                 and ("#,
        ..,
        r#")
               returning queue, kind,
                         case when state = 'running' then date_part('epoch', claimed_at - run_at) * 1000 end as waited,
                         case when state = 'running' then date_part('epoch', clock_timestamp() - claimed_at) * 1000
                         end as ran
           ), counted as (
               insert into job_movements (queue, kind, done, waited_ms, ran_ms, max_waited_ms, max_ran_ms)
               select queue, kind, count(*), coalesce(sum(waited), 0), coalesce(sum(ran), 0),
                      coalesce(max(waited), 0), coalesce(max(ran), 0)
               from ended group by queue, kind
           )
           select count(*) as "ended!" from ended"#,
        jobs,
        claim,
        worker,
    ))
    .fetch_one(db)
    .await?;
    Ok(ended.unsigned_abs())
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<i64>,
    claims: Vec<i32>,
    workers: Vec<Option<i64>>,
    delays: Vec<f64>,
    errors: Vec<Option<String>>,
    /// Whether each attempt counts.
    counted: Vec<bool>,
}

impl Waiting {
    fn push(&mut self, fence: Fence, delay: Duration, error: Option<&str>, counted: bool) {
        self.jobs.push(fence.job.0);
        self.claims.push(fence.claim);
        self.workers.push(fence.worker.map(|worker| worker.0));
        self.delays.push(delay.as_secs_f64());
        self.errors.push(error.map(storable));
        self.counted.push(counted);
    }

    /// Makes jobs ready, or due after a delay, and announces the queues of the ready ones.
    ///
    /// - `given` are the arguments as rows.
    /// - `running` locks the jobs whose claim is current, by the primary key, and remembers their times.
    /// - `returned` updates them.
    /// - `counted` appends the failed attempts to the accounts.
    /// - `woken` notifies each queue that has a ready job.
    async fn write(&self, db: &mut PgConnection) -> sqlx::Result<u64> {
        if self.jobs.is_empty() {
            return Ok(0);
        }
        let returned = sqlx::query_scalar!(
            r#"with given as (
                   select * from unnest($1::bigint[], $2::integer[], $3::bigint[], $4::float8[], $5::text[], $7::boolean[])
                            as given (id, claim, worker, delay, error, counted)
               ), running as (
                   select jobs.id, jobs.worker_id, jobs.claimed_at, jobs.run_at, delay, error, counted
                   from jobs join given on jobs.id = given.id and jobs.claim = given.claim
                                           and jobs.worker_id = given.worker
                   where state = 'running'
                   for update of jobs
               ), returned as (
                   update jobs
                   set state = case when delay > 0 then 'scheduled' else 'ready' end::job_state,
                       run_at = now() + make_interval(secs => delay),
                       worker_id = null, claim = claim + 1,
                       attempt = attempt - case when counted then 0 else 1 end,
                       last_error = coalesce(error, last_error),
                       failures = case when error is null then failures
                                       -- The last fifty: what is tried for days must not grow with each attempt.
                                       else case when jsonb_array_length(failures) < 50 then failures
                                                 else failures - 0 end
                                            || jsonb_build_object('attempt', attempt,
                                                'worker', running.worker_id, 'started_at', jobs.claimed_at,
                                                'ended_at', clock_timestamp(), 'error', error)
                                  end
                   from running where jobs.id = running.id
                   returning queue, kind, delay, error, running.claimed_at, running.run_at
               ), counted as (
                   insert into job_movements (queue, kind, retried, waited_ms, ran_ms, max_waited_ms, max_ran_ms)
                   select queue, kind, count(*),
                          sum(date_part('epoch', claimed_at - run_at) * 1000),
                          sum(date_part('epoch', clock_timestamp() - claimed_at) * 1000),
                          max(date_part('epoch', claimed_at - run_at) * 1000),
                          max(date_part('epoch', clock_timestamp() - claimed_at) * 1000)
                   from returned where error is not null group by queue, kind
               ), woken as (
                   select pg_notify($6, queue)
                   from (select distinct queue from returned where delay <= 0) as queues
               )
               select (select count(*) from returned) + 0 * (select count(*) from woken) as "returned!""#,
            &self.jobs,
            &self.claims,
            &self.workers as &[Option<i64>],
            &self.delays,
            &self.errors as &[Option<String>],
            CHANNEL,
            &self.counted,
        )
        .fetch_one(db)
        .await?;
        Ok(returned.unsigned_abs())
    }
}
