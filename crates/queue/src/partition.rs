//! Partitions: fair turns between the owners of jobs in a queue.
//!
//! Each job of a partition gets a turn when it is enqueued, and jobs of one priority are claimed in the order of their
//! turns. The turns of a partition are one apart and never behind the current round, so a thousand jobs of one owner
//! leave room for another owner's job after each of them. This is start-time fair queueing with equal weights (Goyal, Vin
//! and Cheng, "Start-time Fair Queueing", SIGCOMM 1996). The virtual time is the turn of the first ready job (the SQL
//! function `job_round`). A job that becomes ready later, after its delay or when an admin retries it, gets a new turn.

use std::collections::HashMap;

use pawdium_db::Db;
use sqlx::PgConnection;

/// Puts a selection of ids with their new turns into a query, in place of the dots; the text after them begins with the
/// source of the rows. Jobs without a partition have turn 0. The others come after the current round, those of one
/// partition one after the other.
macro_rules! with_turns {
    ($query:ident!($($row:ident,)? $before:literal, .., $after:literal $(, $($argument:tt)*)?)) => {
        sqlx::$query!(
            $($row,)?
            $before
                + "select id, case when partition_key is null then 0
                               else job_round(queue, priority)
                                    + row_number() over (partition by queue, partition_key order by id)
                          end as turn"
                + $after
            $(, $($argument)*)?
        )
    };
}
pub(super) use with_turns;

/// Takes a turn for each of `keys`, in order. Jobs without a partition have turn 0. Locks the partitions' rows in the
/// order of their keys, until the caller's transaction ends.
pub(super) async fn take_turns(
    db: &mut PgConnection,
    queue: &str,
    priority: i16,
    keys: &[Option<String>],
) -> sqlx::Result<Vec<i64>> {
    if keys.iter().all(Option::is_none) {
        return Ok(vec![0; keys.len()]);
    }
    let last = sqlx::query!(
        r#"with given as (
               select key, count(*) as jobs from unnest($2::text[]) as keys (key)
               where key is not null group by key order by key
           )
           insert into job_partitions as old (queue, key, turn)
           select $1, key, round.turn + jobs from given, (select job_round($1, $3) as turn) as round
           on conflict (queue, key) do update set
               turn = greatest(old.turn + (select jobs from given where given.key = old.key), excluded.turn)
           returning key, turn"#,
        queue,
        keys as &[Option<String>],
        priority,
    )
    .fetch_all(db)
    .await?;
    let mut last: HashMap<_, _> = last.into_iter().map(|row| (row.key, row.turn)).collect();
    let mut turns: Vec<i64> = keys
        .iter()
        .rev()
        .map(|key| {
            let turn = key.as_ref().and_then(|key| last.get_mut(key));
            turn.map_or(0, |turn| std::mem::replace(turn, *turn - 1))
        })
        .collect();
    turns.reverse();
    Ok(turns)
}

/// Deletes partitions that have no jobs and whose rate allows a start, and returns how many. Skips a partition that a
/// transaction is giving a job, because its row is locked.
///
/// # Errors
/// The database's. Nothing is deleted in that case.
pub async fn purge_partitions(db: &Db) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let idle = sqlx::query!(
        "select queue, key from job_partitions
         where next_start_at < now()
           and not exists (select from jobs where partition_key = job_partitions.key
                                              and jobs.queue = job_partitions.queue)
         order by queue, key for update skip locked",
    )
    .fetch_all(&mut *tx)
    .await?;
    let (queues, keys): (Vec<_>, Vec<_>) = idle.into_iter().map(|row| (row.queue, row.key)).unzip();
    // A second statement, which sees the jobs that were enqueued before the rows were locked.
    let purged = sqlx::query!(
        "delete from job_partitions using unnest($1::text[], $2::text[]) as idle (queue, key)
         where job_partitions.queue = idle.queue and job_partitions.key = idle.key
           and not exists (select from jobs where partition_key = idle.key and jobs.queue = idle.queue)",
        &queues,
        &keys,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(purged.rows_affected())
}
