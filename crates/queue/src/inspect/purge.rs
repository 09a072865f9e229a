//! Deleting what has expired.

use sqlx::PgConnection;

/// Deletes expired jobs from the history, at most `limit`. Returns how many.
pub async fn purge_history(db: &mut PgConnection, limit: i64) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from job_history where id in (
             select id from job_history where expires_at < now() order by expires_at limit $1)",
        limit,
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}

/// Deletes workers whose lease ended more than `days` ago. Returns how many.
pub async fn purge_workers(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from job_workers where gone_at < now() - make_interval(days => $1)", days);
    Ok(purged.execute(db).await?.rows_affected())
}
