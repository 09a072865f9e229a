//! Fair shares of a queue: whose job is next when several have work.
//!
//! Each job of a partition gets a turn when it is enqueued, and claims go by turn within a priority. A partition's turns
//! are one apart and never behind the round that is being served, so a thousand jobs of one owner leave room for
//! another's after each of them. This is start-time fair queueing with equal weights (Goyal, Vin and Cheng,
//! "Start-time Fair Queueing", SIGCOMM 1996); the virtual time is the turn of the first job that is ready (the SQL function
//! `job_round`). What becomes ready later, when its delay is over or when it is brought back, takes a turn as of then.

use std::collections::HashMap;

use pawdium_db::Db;
use sqlx::PgConnection;

/// Gives each of `keys` its turn, in order; jobs without a partition have turn 0. The partitions' rows are locked until
/// the caller's transaction ends, in the order of their keys.
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

/// Forgets partitions that have no jobs and no rate to remember; answers with how many. Whoever is giving one of them a
/// job at this moment holds its row, and keeps it.
///
/// # Errors
/// The database's; nothing is forgotten then.
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
    // A statement of its own: it sees the jobs that were given before the rows were locked.
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
