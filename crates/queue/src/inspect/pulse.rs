//! Whether anything has happened, cheaply.

use sqlx::PgConnection;

use crate::heartbeat::SILENCE;

/// A text that is another one after jobs were enqueued, claimed or ended, a queue was paused or limited, or a worker came or
/// went; and with each minute, by which rates move. Reads the accounts and what runs, and neither backlog nor history.
pub async fn pulse(db: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar!(
        r#"select md5(row(
               (select row(sum(enqueued), sum(done), sum(dead), sum(cancelled))::text
                from (select enqueued, done, dead, cancelled from job_totals
                      union all
                      select enqueued, done, dead - revived, cancelled from job_movements) as accounts),
               (select string_agg(name || (select count(*) from running_jobs(name)), ' ' order by name) from job_queues),
               (select string_agg(row(name, paused_at, max_running, starts_per_minute, partition_max_running,
                                      partition_starts_per_minute)::text, ' ' order by name) from job_queues),
               (select count(*) from job_workers
                where gone_at is null and beat_at > now() - make_interval(secs => $1)),
               date_trunc('minute', now()))::text) as "pulse!""#,
        SILENCE,
    )
    .fetch_one(db)
    .await
}
