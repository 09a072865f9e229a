//! Two tables beside the queue's own: the effects of jobs, and rows that are committed with jobs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pawdium_queue::JobId;
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::db;
use pawdium_shared::db::{Db, Tx};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool};

use crate::kinds::{Chain, Tagged};
use crate::ledger::Entry;

/// The tables have no unique constraints, so that duplicates show.
const TABLES: &str = "
    create table chaos_effects (
        job     bigint not null,
        kind    text not null,
        tag     bigint not null,
        step    smallint not null,
        attempt smallint not null,
        key     text,
        at      timestamptz not null default clock_timestamp());
    create table chaos_requests (job bigint not null, tag bigint not null)";

/// Creates the site's schema and the two tables in an empty database.
///
/// # Errors
/// If the database can't be reached, or has the tables already.
pub async fn prepare(db: &PgPool) -> anyhow::Result<()> {
    db::migrate(db).await?;
    prepare_effects(db).await
}

/// Creates the two tables in a database that has the site's schema.
///
/// # Errors
/// If the database can't be reached, or has the tables already.
pub async fn prepare_effects(db: &PgPool) -> anyhow::Result<()> {
    db.execute(AssertSqlSafe(TABLES)).await?;
    Ok(())
}

/// Enqueues a job, with a row in `chaos_requests` that must exist if and only if the job does. Returns the entry to write
/// to the ledger after the commit.
///
/// # Errors
/// The database's.
pub async fn enqueue<J: Tagged>(db: &mut Tx, job: J, delay: Duration) -> sqlx::Result<Entry> {
    let id = job.enqueue_in(db, delay).await?;
    request(db, &job, id).await
}

/// Inserts the row for a job that is enqueued in the same transaction, if there is one, and returns the ledger entry.
pub(crate) async fn request<J: Tagged>(
    db: &mut PgConnection,
    job: &J,
    id: Option<JobId>,
) -> sqlx::Result<Entry> {
    let at: DateTime<Utc> = sqlx::query_scalar(
        "with added as (insert into chaos_requests (job, tag) select $1, $2 where $1 is not null)
         select now()",
    )
    .bind(id)
    .bind(job.tag())
    .fetch_one(db)
    .await?;
    let job_id = id.map(|id| id.0);
    Ok(Entry {
        at,
        kind: J::KIND.to_owned(),
        tag: job.tag(),
        job: job_id,
        key: job.unique_key(),
        followers: 0,
    })
}

/// Writes a job's effect.
pub(crate) async fn make<J: Tagged>(
    db: &mut PgConnection,
    claim: &Claim,
    job: &J,
    step: i16,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into chaos_effects (job, kind, tag, step, attempt, key) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(claim.job().0)
    .bind(J::KIND)
    .bind(job.tag())
    .bind(step)
    .bind(claim.attempt())
    .bind(job.unique_key())
    .execute(db)
    .await?;
    Ok(())
}

/// Writes a job's effect and completes the job, both or neither.
pub(crate) async fn make_and_complete<J: Tagged>(db: &Db, claim: &Claim, job: &J) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    make(&mut tx, claim, job, 0).await?;
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the effect of a chain's step, enqueues the next step and completes this one, all or nothing.
pub(crate) async fn make_step(db: &Db, claim: &Claim, job: &Chain) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    make(&mut tx, claim, job, job.step).await?;
    if job.step < job.last {
        Chain { step: job.step + 1, ..job.clone() }.enqueue(&mut tx).await?;
    }
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(())
}
