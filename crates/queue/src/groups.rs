//! Chains, fan-out and fan-in.
//!
//! A chain needs no support: a handler enqueues the next job in the transaction in which it completes its claim
//! ([`Claim::complete`](super::Claim::complete)), so both happen or neither does. A group has many members and one last
//! step. The last step is enqueued once, in the transaction in which the last member ends, whatever the outcomes of the
//! members.

use std::time::Duration;

use pawdium_db::Tx;
use sqlx::PgConnection;

use super::enqueue::insert;
use super::job::Job;
use crate::ids::{GroupId, JobId};

/// Enqueues `members`, and `last` when all of them have ended. Without members, `last` is enqueued at once.
///
/// The group doesn't wait for a member whose unique key a live job has. `last` should have no unique key, and its partition
/// is ignored.
///
/// # Errors
/// The database's. Nothing is enqueued in that case.
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

/// Deletes groups that were made more than `days` ago and whose last step has been enqueued. Returns how many.
pub async fn purge_groups(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from job_groups where job_id is not null and created_at < now() - make_interval(days => $1)",
        days,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
