//! A cheap way to see whether anything has changed.

use sqlx::PgConnection;

use crate::heartbeat::SILENCE;

/// A text that changes when jobs are enqueued, claimed or ended, when a queue's settings or the number of workers change,
/// and with each minute, because rates do. Reads the accounts and the running jobs, but neither the backlog nor the
/// history.
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
