//! Putting jobs on a queue, inside the caller's transaction.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;

use super::groups::GroupId;
use super::job::{Duplicate, Job, Unique};
use super::partition::take_turns;
use crate::db::{Db, Tx, despite_deadlocks};
use crate::ids::JobId;

/// Enqueueing, for every [`Job`]. The job exists exactly when the caller's transaction commits.
pub trait Enqueue: Job + Sized {
    /// Enqueues this job to run as soon as possible. `None` when a live job bears its unique key already.
    fn enqueue(&self, db: &mut Tx) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        self.enqueue_in(db, Duration::ZERO)
    }

    /// Enqueues this job to run after `delay`.
    fn enqueue_in(
        &self,
        db: &mut Tx,
        delay: Duration,
    ) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        async move { Ok(insert(db, std::slice::from_ref(self), delay, None).await?.pop()) }
    }

    /// Enqueues this job by itself, in a transaction of its own.
    fn enqueue_alone(&self, db: &Db) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        async move {
            let columns = Columns::of(std::slice::from_ref(self))?;
            if columns.partitions.iter().any(Option::is_some) {
                let mut tx = db.begin().await?;
                let job = self.enqueue(&mut tx).await?;
                tx.commit().await?;
                return Ok(job);
            }
            // One statement is a transaction, and needs one round trip instead of three.
            let mut connection = db.acquire().await?;
            let job = insert_once::<Self>(&mut connection, &columns, Duration::ZERO, None).await?.pop();
            if wakes::<Self>(job.as_slice(), Duration::ZERO) {
                db.announce(Self::QUEUE.name());
            }
            Ok(job)
        }
    }

    /// Enqueues many jobs of this kind in one round trip, or two where they have partitions; answers with the ids of those
    /// that are new.
    fn enqueue_all(db: &mut Tx, jobs: &[Self]) -> impl Future<Output = sqlx::Result<Vec<JobId>>> + Send {
        insert(db, jobs, Duration::ZERO, None)
    }
}

impl<J: Job> Enqueue for J {}

/// Jobs of one kind, as columns.
#[derive(Default)]
struct Columns {
    payloads: Vec<String>,
    keys: Vec<Option<String>>,
    partitions: Vec<Option<String>>,
    subjects: Vec<Option<String>>,
}

impl Columns {
    /// Postgres refuses to update one row twice in one statement, so of equal keys in one call only the last stays.
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
}

/// Whether there is something to do at once: new jobs, or one that was waiting for its time.
fn wakes<J: Job>(new: &[JobId], delay: Duration) -> bool {
    delay.is_zero() && (!new.is_empty() || J::DUPLICATE == Duplicate::MoveRunAt)
}

/// One statement however many jobs: rows come in as arrays.
pub(super) async fn insert<J: Job>(
    db: &mut Tx,
    jobs: &[J],
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    let columns = Columns::of(jobs)?;
    let new = if columns.keys.iter().flatten().nth(1).is_none() {
        insert_once::<J>(db, &columns, delay, group).await?
    } else {
        insert_keyed::<J>(db, columns, delay, group).await?
    };
    if wakes::<J>(&new, delay) {
        db.wake(J::QUEUE.name());
    }
    Ok(new)
}

async fn insert_keyed<J: Job>(
    db: &mut Tx,
    columns: Columns,
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    // Live jobs that bear the keys are locked in the order of the keys; outcomes and operators lock in that of the ids.
    let columns = Arc::new(columns);
    despite_deadlocks(db, move |tx| {
        let columns = Arc::clone(&columns);
        Box::pin(async move { insert_once::<J>(tx, &columns, delay, group).await })
    })
    .await
}

async fn insert_once<J: Job>(
    db: &mut PgConnection,
    Columns { payloads, keys, partitions, subjects }: &Columns,
    delay: Duration,
    group: Option<GroupId>,
) -> sqlx::Result<Vec<JobId>> {
    let turns = take_turns(db, J::QUEUE.name(), J::PRIORITY, partitions).await?;
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
        J::QUEUE.name(),
        J::KIND,
        J::PRIORITY,
        J::ATTEMPTS,
        delay.as_secs_f64(),
        keys as &[Option<String>],
        payloads,
        J::DUPLICATE == Duplicate::ReplacePayload,
        J::DUPLICATE == Duplicate::MoveRunAt,
        J::UNIQUE == Unique::WhileWaiting,
        partitions as &[Option<String>],
        &turns,
        subjects as &[Option<String>],
        group.map(|group| group.0),
    );
    rows.fetch_all(db).await
}
