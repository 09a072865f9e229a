//! Reads the situation of a job, and explains why it is not done yet.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::detail::JobDetail;
use super::why::{COUNTED_AHEAD, Situation, Why, why};
use crate::heartbeat::SILENCE;
use crate::limits::limits_of;

/// Explains why a job is not done yet.
pub async fn explain(db: &mut PgConnection, job: &JobDetail) -> sqlx::Result<Why> {
    Ok(if job.row.state.is_live() {
        why(job, &read_situation(db, job).await?)
    } else {
        why(job, &Situation::default())
    })
}

async fn read_situation(db: &mut PgConnection, job: &JobDetail) -> sqlx::Result<Situation> {
    let row = sqlx::query!(
        r#"select now() as "now!",
                  (select count(*) from job_workers
                   where gone_at is null and beat_at > now() - make_interval(secs => $8)) as "workers!",
                  (select beat_at from job_workers where id = $1) as own_beat,
                  exists (select from job_workers where id = $1 and gone_at is null
                            and beat_at > now() - make_interval(secs => $8)) as "own_alive!",
                  paused_at, max_running, starts_per_minute, partition_max_running, partition_starts_per_minute,
                  next_start_at as "next_start_at?",
                  (select next_start_at from job_partitions where queue = $2 and key = $3)
                      as "partition_next: DateTime<Utc>",
                  (select count(*) from running_jobs($2)) as "running!",
                  (select count(*) from running_jobs($2) where partition_key = $3)
                      as "partition_running!",
                  (select count(*) from (
                       select from jobs
                       where open and state = 'ready' and queue = $2 and (priority, turn, id) < ($4, $5::bigint, $6)
                       limit $7) as ahead) as "ahead!"
           from (select 1) as always left join job_queues on name = $2"#,
        job.worker.map(|worker| worker.0),
        job.row.queue,
        job.row.partition_key,
        job.priority,
        job.turn.unwrap_or(0),
        job.row.id.0,
        COUNTED_AHEAD + 1,
        SILENCE,
    )
    .fetch_one(db)
    .await?;
    Ok(Situation {
        now: row.now,
        workers: row.workers,
        own_beat: row.own_beat,
        own_alive: row.own_alive,
        paused_at: row.paused_at,
        limits: limits_of!(row),
        running: row.running,
        partition_running: row.partition_running,
        next_start_at: row.next_start_at,
        partition_next_start_at: row.partition_next,
        ahead: row.ahead,
    })
}
