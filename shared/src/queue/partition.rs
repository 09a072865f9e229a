//! Fair shares of a queue: whose job is next when several have work.
//!
//! Each job of a partition gets a turn when it is enqueued, and claims go by turn within a priority. A partition's turns
//! are one apart and never behind the round that is being served, so a thousand jobs of one owner leave room for
//! another's after each of them. This is start-time fair queueing with equal weights (Goyal, Vin and Cheng,
//! "Start-time Fair Queueing", SIGCOMM 1996); the virtual time is the turn of the first job that is ready.

use sqlx::PgConnection;

/// Gives each of `keys` its turn, in order; jobs without a partition have turn 0. The partitions' rows are locked until
/// the caller's transaction ends, in the order of their keys.
pub(super) async fn take_turns(
    db: &mut PgConnection,
    queue: &str,
    keys: &[Option<String>],
) -> sqlx::Result<Vec<i64>> {
    if keys.iter().all(Option::is_none) {
        return Ok(vec![0; keys.len()]);
    }
    let last = sqlx::query!(
        r#"with round as (
               select coalesce(
                   (select turn from jobs where queue = $1 and state = 'ready' and partition_key is not null
                    order by priority, turn, id limit 1),
                   (select max(turn) from job_partitions where queue = $1),
                   0) as turn
           ), given as (
               select key, count(*) as jobs from unnest($2::text[]) as keys (key)
               where key is not null group by key order by key
           )
           insert into job_partitions as old (queue, key, turn)
           select $1, key, round.turn + jobs from given, round
           on conflict (queue, key) do update set
               turn = greatest(old.turn + (select jobs from given where given.key = old.key), excluded.turn)
           returning key, turn"#,
        queue,
        keys as &[Option<String>],
    )
    .fetch_all(db)
    .await?;
    let mut last: std::collections::HashMap<_, _> = last.into_iter().map(|row| (row.key, row.turn)).collect();
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

/// Forgets partitions that have no jobs and no rate to remember; answers with how many.
pub async fn purge_partitions(db: &mut PgConnection) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from job_partitions
         where next_start_at < now()
           and not exists (select from jobs where partition_key = job_partitions.key
                                              and jobs.queue = job_partitions.queue)",
    )
    .execute(db)
    .await?;
    Ok(purged.rows_affected())
}
