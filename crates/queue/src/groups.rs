//! Chains, fan-out and fan-in.
//!
//! A chain needs nothing of its own: a handler enqueues the successor in the transaction in which it completes its claim
//! ([`Claim::complete`](super::Claim::complete)), so both happen or neither. A group is many jobs and one last step, which
//! is enqueued once, in the transaction in which the last member ends, whatever its outcome. Members that leave no trace
//! in the database themselves can be told from failed ones by what they wrote.

use std::time::Duration;

use sqlx::PgConnection;

use super::enqueue::insert;
use super::job::Job;
use crate::ids::JobId;
use pawdium_db::Tx;

/// A group of jobs: `job_groups.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct GroupId(pub i64);

/// Enqueues `members`, and `last` when all of them have ended; without members `last` is enqueued at once. Members whose
/// unique key is taken by a live job are not waited for. A group starts its last step once, so that one should bear no
/// unique key; its partition doesn't count.
///
/// # Errors
/// The database's; nothing is enqueued then.
pub async fn fan_out<M: Job, L: Job>(db: &mut Tx, members: &[M], last: &L) -> sqlx::Result<Vec<JobId>> {
    let payload = serde_json::to_value(last).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let group = sqlx::query_scalar!(
        r#"insert into job_groups (remaining, queue, kind, priority, max_attempts, subject, payload)
           values (0, $1, $2, $3, $4, $5, $6) returning id as "id: GroupId""#,
        L::QUEUE.name(),
        L::KIND,
        L::PRIORITY,
        L::ATTEMPTS,
        last.subject().map(|subject| subject.to_string()),
        payload,
    )
    .fetch_one(&mut *db)
    .await?;
    let ids = insert(db, members, Duration::ZERO, Some(group)).await?;
    if ids.is_empty() {
        sqlx::query!("delete from job_groups where id = $1", group.0).execute(&mut *db).await?;
        insert(db, std::slice::from_ref(last), Duration::ZERO, None).await?;
    } else {
        let members = i32::try_from(ids.len()).unwrap_or(i32::MAX);
        sqlx::query!("update job_groups set remaining = $2 where id = $1", group.0, members)
            .execute(&mut *db)
            .await?;
    }
    Ok(ids)
}

/// Forgets groups whose last step was enqueued more than `days` ago; answers with how many.
pub async fn purge_groups(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from job_groups where job_id is not null and created_at < now() - make_interval(days => $1)",
        days,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
