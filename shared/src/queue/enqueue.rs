//! Putting jobs on a queue, inside the caller's transaction.

use std::time::Duration;

use sqlx::PgConnection;

use super::job::{Duplicate, Job, Unique};
use crate::ids::JobId;

/// The Postgres channel on which queues with new work are announced; the payload is the queue's name.
pub(super) const CHANNEL: &str = "pawdium_jobs";

/// Enqueueing, for every [`Job`]. The job exists exactly when the caller's transaction commits.
pub trait Enqueue: Job + Sized {
    /// Enqueues this job to run as soon as possible. `None` when a live job bears its unique key already.
    fn enqueue(&self, db: &mut PgConnection) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        self.enqueue_in(db, Duration::ZERO)
    }

    /// Enqueues this job to run after `delay`.
    fn enqueue_in(
        &self,
        db: &mut PgConnection,
        delay: Duration,
    ) -> impl Future<Output = sqlx::Result<Option<JobId>>> + Send {
        async move { Ok(insert(db, std::slice::from_ref(self), delay).await?.pop()) }
    }

    /// Enqueues many jobs of this kind in one round trip; answers with the ids of those that are new.
    fn enqueue_all(
        db: &mut PgConnection,
        jobs: &[Self],
    ) -> impl Future<Output = sqlx::Result<Vec<JobId>>> + Send {
        insert(db, jobs, Duration::ZERO)
    }
}

impl<J: Job> Enqueue for J {}

/// One statement however many jobs: rows come in as arrays, and each queue is notified once a transaction, because
/// Postgres folds equal notifications of one transaction into one.
async fn insert<J: Job>(db: &mut PgConnection, jobs: &[J], delay: Duration) -> sqlx::Result<Vec<JobId>> {
    let mut payloads = Vec::with_capacity(jobs.len());
    let mut keys = Vec::with_capacity(jobs.len());
    for job in jobs {
        payloads.push(serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?);
        keys.push(job.unique_key());
    }
    if jobs.len() > 1 {
        keep_last_of_each_key(&mut payloads, &mut keys);
    }
    let rows = sqlx::query_scalar!(
        r#"with inserted as (
               insert into jobs (queue, kind, state, priority, max_attempts, run_at, unique_key,
                                 key_waits_only, payload)
               select $1, $2, case when $5::float8 > 0 then 'scheduled' else 'ready' end::job_state, $3, $4,
                      now() + make_interval(secs => $5), given.key, $11, given.payload
               from unnest($6::text[], $7::jsonb[]) with ordinality as given (key, payload, place)
               order by given.place
               on conflict (kind, unique_key) where unique_key is not null do update
                   set payload = case when $8 then excluded.payload else jobs.payload end,
                       run_at = case when $9 then excluded.run_at else jobs.run_at end,
                       state = case when $9 then excluded.state else jobs.state end
                   where ($8 or $9) and jobs.state <> 'running'
               returning id, xmax = 0 as fresh
           ), woken as (
               select pg_notify($10, $1) from (select from inserted limit 1) as any_inserted where $5 <= 0
           )
           select id as "id!: JobId" from inserted left join woken on true where fresh order by id"#,
        J::QUEUE.name(),
        J::KIND,
        J::PRIORITY,
        J::ATTEMPTS,
        delay.as_secs_f64(),
        &keys as &[Option<String>],
        &payloads,
        J::DUPLICATE == Duplicate::ReplacePayload,
        J::DUPLICATE == Duplicate::MoveRunAt,
        CHANNEL,
        J::UNIQUE == Unique::WhileWaiting,
    );
    rows.fetch_all(db).await
}

/// Postgres refuses to update one row twice in one statement, so of equal keys in one call only the last stays.
fn keep_last_of_each_key(payloads: &mut Vec<serde_json::Value>, keys: &mut Vec<Option<String>>) {
    let mut seen = std::collections::HashSet::new();
    let keep: Vec<bool> =
        keys.iter().rev().map(|key| key.as_ref().is_none_or(|key| seen.insert(key.clone()))).collect();
    let mut flags = keep.iter().rev();
    payloads.retain(|_| flags.next().copied().unwrap_or(true));
    let mut flags = keep.iter().rev();
    keys.retain(|_| flags.next().copied().unwrap_or(true));
}
