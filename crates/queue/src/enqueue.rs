//! Enqueueing jobs inside the caller's transaction.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use pawdium_db::{Batcher, Db, Tx, despite_deadlocks};
use sqlx::PgConnection;

use super::job::{Duplicate, Job, Unique};
use super::partition::take_turns;
use super::wake::{DUE, POLL};
use crate::ids::{GroupId, JobId};

/// Enqueueing for every [`Job`]. The job exists if and only if the caller's transaction commits.
pub trait Enqueue: Job + Sized {
    /// Enqueues this job to run as soon as possible. Returns `None` if a live job has its unique key.
    fn enqueue(&self, db: &mut Tx) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        self.enqueue_in(db, Duration::ZERO)
    }

    /// Enqueues this job to run after `delay`. Returns `None` if a live job has its unique key.
    fn enqueue_in(
        &self,
        db: &mut Tx,
        delay: Duration,
    ) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        async move { Ok(insert(db, std::slice::from_ref(self), delay, None).await?.pop()) }
    }

    /// Enqueues and commits this job by itself. Jobs that are enqueued at the same time share a commit.
    fn enqueue_alone(&self, db: &Db) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        async move {
            let columns = Columns::of(std::slice::from_ref(self))?;
            if self.partition().is_some() {
                let mut tx = db.begin().await?;
                let job = self.enqueue(&mut tx).await?;
                tx.commit().await?;
                return Ok(job);
            }
            let policy = Policy::of::<Self>();
            let job = if self.unique_key().is_some() {
                // A single statement is a transaction, with one round trip instead of three.
                insert_once(&mut *db.acquire().await?, &policy, &columns, Duration::ZERO, None).await?.pop()
            } else {
                db.kept(enqueuer).call((policy, columns)).await?
            };
            if wakes::<Self>(job.as_slice(), Duration::ZERO) {
                db.announce(Self::QUEUE.name(), self.linger());
            }
            Ok(job)
        }
    }

    /// Enqueues many jobs of this kind in one round trip, or two if they have partitions. Returns the ids of the new jobs.
    fn enqueue_all(db: &mut Tx, jobs: &[Self]) -> impl Future<Output = sqlx::Result<Vec<JobId>>> + Send {
        insert(db, jobs, Duration::ZERO, None)
    }

    /// Like [`enqueue_all`](Self::enqueue_all), to run after `delay`.
    fn enqueue_all_in(
        db: &mut Tx,
        jobs: &[Self],
        delay: Duration,
    ) -> impl Future<Output = sqlx::Result<Vec<JobId>>> + Send {
        insert(db, jobs, delay, None)
    }

    /// Like [`enqueue_all`](Self::enqueue_all), with fewer round trips. If another transaction locks the same jobs in
    /// another order, the caller's transaction fails with a conflict and has to run again.
    fn enqueue_all_or_conflict(
        db: &mut Tx,
        jobs: &[Self],
    ) -> impl Future<Output = sqlx::Result<Vec<JobId>>> + Send {
        async move {
            let new =
                insert_once(db, &Policy::of::<Self>(), &Columns::of(jobs)?, Duration::ZERO, None).await?;
            wake::<Self>(db, jobs, &new, Duration::ZERO);
            Ok(new)
        }
    }
}

impl<J: Job> Enqueue for J {}

/// Enqueues single jobs that have neither key nor partition.
fn enqueuer(db: Db) -> Batcher<(Policy, Columns), Option<JobId>> {
    Batcher::start(db, |db, jobs: Vec<(Policy, Columns)>| async move {
        let mut by_policy: BTreeMap<Policy, (Vec<usize>, Columns)> = BTreeMap::new();
        for (place, (policy, columns)) in jobs.iter().enumerate() {
            let (places, together) = by_policy.entry(*policy).or_default();
            places.push(place);
            together.extend(columns);
        }
        let mut ids = vec![None; jobs.len()];
        if let [(policy, (places, columns))] = &by_policy.iter().collect::<Vec<_>>()[..] {
            let new = insert_once(&mut *db.acquire().await?, policy, columns, Duration::ZERO, None).await?;
            places.iter().zip(new).for_each(|(place, job)| ids[*place] = Some(job));
            return Ok(ids);
        }
        let mut tx = db.begin().await?;
        for (policy, (places, columns)) in &by_policy {
            let new = insert_once(&mut tx, policy, columns, Duration::ZERO, None).await?;
            places.iter().zip(new).for_each(|(place, job)| ids[*place] = Some(job));
        }
        tx.commit().await?;
        Ok(ids)
    })
}

/// The columns that all jobs of a kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Policy {
    queue: &'static str,
    kind: &'static str,
    priority: i16,
    attempts: i16,
    replaces_payload: bool,
    moves_run_at: bool,
    waits_only: bool,
}

impl Policy {
    fn of<J: Job>() -> Self {
        Self {
            queue: J::QUEUE.name(),
            kind: J::KIND,
            priority: J::PRIORITY,
            attempts: J::ATTEMPTS,
            replaces_payload: J::DUPLICATE == Duplicate::ReplacePayload,
            moves_run_at: J::DUPLICATE == Duplicate::MoveRunAt,
            waits_only: J::UNIQUE == Unique::WhileWaiting,
        }
    }
}

/// The other columns of jobs of one kind.
#[derive(Clone, Debug, Default)]
struct Columns {
    payloads: Vec<String>,
    keys: Vec<Option<String>>,
    partitions: Vec<Option<String>>,
    subjects: Vec<Option<String>>,
}

impl Columns {
    /// Postgres can't update a row twice in one statement, so only the last of several jobs with the same key counts.
    fn of<J: Job>(jobs: &[J]) -> sqlx::Result<Self> {
        let mut seen = HashSet::new();
        let mut columns = Self::default();
        for job in jobs.iter().rev() {
            let key = job.unique_key();
            if key.as_ref().is_some_and(|key| !seen.insert(key.clone())) {
                continue;
            }
            let payload = serde_json::to_string(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
            columns.payloads.push(payload);
            columns.keys.push(key);
            columns.partitions.push(job.partition());
            columns.subjects.push(job.subject().map(|subject| subject.to_string()));
        }
        columns.payloads.reverse();
        columns.keys.reverse();
        columns.partitions.reverse();
        columns.subjects.reverse();
        Ok(columns)
    }

    fn extend(&mut self, other: &Self) {
        self.payloads.extend_from_slice(&other.payloads);
        self.keys.extend_from_slice(&other.keys);
        self.partitions.extend_from_slice(&other.partitions);
        self.subjects.extend_from_slice(&other.subjects);
    }
}

/// Whether there is work at once: new jobs, or a job whose `run_at` moved.
fn wakes<J: Job>(new: &[JobId], delay: Duration) -> bool {
    delay.is_zero() && (!new.is_empty() || J::DUPLICATE == Duplicate::MoveRunAt)
}

/// Announces the queue after the commit, if there is work at once, and jobs that are due before the poll finds them.
fn wake<J: Job>(db: &mut Tx, jobs: &[J], new: &[JobId], delay: Duration) {
    if wakes::<J>(new, delay) {
        let linger = jobs.iter().map(Job::linger).min().unwrap_or_default();
        db.wake(J::QUEUE.name(), linger);
    } else if !new.is_empty() && delay < POLL {
        db.wake_after(DUE, delay);
    }
}

/// Inserts any number of jobs with one statement, and announces them.
pub(super) async fn insert<J: Job>(
    db: &mut Tx,
    jobs: &[J],
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    let columns = Columns::of(jobs)?;
    let new = if columns.keys.iter().flatten().nth(1).is_none() {
        insert_once(db, &Policy::of::<J>(), &columns, delay, group).await?
    } else {
        insert_keyed(db, Policy::of::<J>(), columns, delay, group).await?
    };
    wake::<J>(db, jobs, &new, delay);
    Ok(new)
}

async fn insert_keyed(
    db: &mut Tx,
    policy: Policy,
    columns: Columns,
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    // This locks live jobs in the order of their keys, while outcomes and operators lock them in the order of their ids.
    let columns = Arc::new(columns);
    despite_deadlocks(db, move |tx| {
        let columns = Arc::clone(&columns);
        Box::pin(async move { insert_once(tx, &policy, &columns, delay, group).await })
    })
    .await
}

async fn insert_once(
    db: &mut PgConnection,
    policy: &Policy,
    Columns { payloads, keys, partitions, subjects }: &Columns,
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    let turns = take_turns(db, policy.queue, policy.priority, partitions).await?;
    let rows = sqlx::query_scalar!(
        r#"with inserted as (
               insert into jobs (queue, kind, state, priority, max_attempts, run_at, unique_key,
                                 key_waits_only, payload, partition_key, turn, subject, group_id)
               select $1, $2, case when $5::float8 > 0 then 'scheduled' else 'ready' end::job_state, $3, $4,
                      now() + make_interval(secs => $5), given.key, $10, given.payload::jsonb,
                      given.partition_key, given.turn, given.subject, $14
               from unnest($6::text[], $7::text[], $11::text[], $12::bigint[], $13::text[]) with ordinality
                    as given (key, payload, partition_key, turn, subject, place)
               order by given.place
               on conflict (kind, unique_key) where unique_key is not null do update
                   set payload = case when $8 then excluded.payload else jobs.payload end,
                       run_at = case when $9 then excluded.run_at else jobs.run_at end,
                       state = case when $9 then excluded.state else jobs.state end
                   where ($8 or $9) and jobs.state <> 'running'
               returning id, xmax = 0 as fresh
           ), counted as (
               insert into job_movements (queue, kind, enqueued)
               select $1, $2, count(*) from inserted where fresh having count(*) > 0
           )
           select id as "id!: JobId" from inserted where fresh order by id"#,
        policy.queue,
        policy.kind,
        policy.priority,
        policy.attempts,
        delay.as_secs_f64(),
        keys as &[Option<String>],
        payloads,
        policy.replaces_payload,
        policy.moves_run_at,
        policy.waits_only,
        partitions as &[Option<String>],
        &turns,
        subjects as &[Option<String>],
        group.map(|group| group.0),
    );
    rows.fetch_all(db).await
}
