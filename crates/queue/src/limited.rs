//! Claiming from a queue that is limited: one process at a time, within the limits that an operator has set.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_db::Tx;
use sqlx::{PgConnection, PgPool};

use super::claim::{ClaimedRow, Position, Restrictions, claim_batch, query_claimed};
use super::in_flight::ClaimRequest;
use super::job::Queue;
use super::limits::{Limits, Rate, limits_of};

/// The wait before the next claim when a concurrency limit is reached. No notification announces that a job of another
/// process has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The result of a claim within limits.
#[derive(Debug)]
pub(super) enum LimitedClaim {
    /// The queue is neither paused nor limited: claim as usual.
    Unrestricted,
    /// No limit is reached. Fewer jobs than requested means that the queue is drained.
    Claimed(Vec<ClaimedRow>),
    /// A limit is reached. Claim again after this time.
    Throttled(Vec<ClaimedRow>, Duration),
    /// The queue is paused.
    Paused,
}

/// Claims within the queue's limits. The queue's lock serializes these claims, because each has to see which jobs the last
/// one took.
pub(super) async fn claim_within_limits(db: &PgPool, request: &ClaimRequest) -> sqlx::Result<LimitedClaim> {
    let queue = request.queue;
    let settings = sqlx::query!(
        r#"select held as "held!", paused_at is not null as "paused!" from job_queues where name = $1"#,
        queue.name(),
    );
    match settings.fetch_optional(db).await? {
        Some(settings) if settings.paused => return Ok(LimitedClaim::Paused),
        Some(settings) if settings.held => {}
        _ => return Ok(LimitedClaim::Unrestricted),
    }
    let mut tx = Tx::begin(db).await?;
    let Some(locked) = lock(&mut tx, queue).await? else { return Ok(LimitedClaim::Unrestricted) };
    if locked.paused {
        return Ok(LimitedClaim::Paused);
    }
    if !locked.has_ready {
        return Ok(LimitedClaim::Claimed(Vec::new()));
    }
    let (room, wait) = locked.room(request.limit());
    let by_partition =
        locked.limits.partition_max_running.is_some() || locked.limits.partition_starts_per_minute.is_some();
    let (rows, partitions_wait) = if room == 0 {
        (Vec::new(), None)
    } else if by_partition {
        claim_by_partition(&mut tx, request, room, &locked).await?
    } else {
        let limit = usize::try_from(room).unwrap_or(usize::MAX);
        let request = ClaimRequest { limit, ..request.clone() };
        (claim_batch(&mut *tx, &request, Position::FIRST, Restrictions::Checked).await?, None)
    };
    let started = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if let Some(rate) = locked.limits.starts_per_minute.filter(|_| started > 0).map(Rate::per_minute) {
        let next = rate.after(locked.next_start_at, locked.now, started);
        sqlx::query!("update job_queues set next_start_at = $2 where name = $1", queue.name(), next)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    let wait = if started == room { wait.into_iter().chain(partitions_wait).min() } else { partitions_wait };
    Ok(match wait {
        Some(wait) => LimitedClaim::Throttled(rows, wait),
        None => LimitedClaim::Claimed(rows),
    })
}

/// A queue whose settings are locked.
struct LockedQueue {
    paused: bool,
    limits: Limits,
    next_start_at: DateTime<Utc>,
    now: DateTime<Utc>,
    running: i64,
    has_ready: bool,
}

impl LockedQueue {
    /// How many jobs may start, and if these are fewer than wanted, how long the next one has to wait.
    fn room(&self, wanted: i64) -> (i64, Option<Duration>) {
        let rate = self.limits.starts_per_minute.map(Rate::per_minute);
        room(wanted, self.limits.max_running, self.running, rate, self.next_start_at, self.now)
    }
}

fn room(
    wanted: i64,
    max_running: Option<i32>,
    running: i64,
    rate: Option<Rate>,
    next: DateTime<Utc>,
    now: DateTime<Utc>,
) -> (i64, Option<Duration>) {
    let by_count = max_running.map_or(i64::MAX, |max| (i64::from(max) - running).max(0));
    let by_rate = rate.map_or(i64::MAX, |rate| rate.room(next, now));
    let room = wanted.min(by_count).min(by_rate);
    let wait = (room < wanted).then(|| {
        let after = rate.map_or(TimeDelta::zero(), |rate| rate.wait(rate.after(next, now, room), now));
        if by_count <= by_rate {
            LOOK_AGAIN
        } else {
            after.to_std().unwrap_or_default().max(Duration::from_millis(1))
        }
    });
    (room, wait)
}

/// Locks the queue's settings; `None` if it is neither paused nor limited. The second statement counts after the lock is
/// taken, so it sees the claims of the last process that had the lock.
async fn lock(db: &mut PgConnection, queue: Queue) -> sqlx::Result<Option<LockedQueue>> {
    let row = sqlx::query!("select * from job_queues where name = $1 and held for update", queue.name())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let count = sqlx::query!(
        r#"select count(*) as "running!", clock_timestamp() as "now!",
                  exists (select from jobs where open and state = 'ready' and queue = $1) as "waiting!"
           from running_jobs($1)"#,
        queue.name(),
    )
    .fetch_one(db)
    .await?;
    Ok(Some(LockedQueue {
        paused: row.paused_at.is_some(),
        limits: limits_of!(row),
        next_start_at: row.next_start_at,
        now: count.now,
        running: count.running,
        has_ready: count.waiting,
    }))
}

/// Claims up to `room` jobs, within the limits of each partition, in the queue's order. Jobs without a partition have only
/// the queue's limits.
async fn claim_by_partition(
    db: &mut PgConnection,
    request: &ClaimRequest,
    room: i64,
    locked: &LockedQueue,
) -> sqlx::Result<(Vec<ClaimedRow>, Option<Duration>)> {
    let rate = locked.limits.partition_starts_per_minute.map(Rate::per_minute);
    let partitions = list_waiting(db, request.queue).await?;
    let (mut keys, mut rooms, mut wait) = (Vec::new(), Vec::new(), None);
    for partition in &partitions {
        let most = locked.limits.partition_max_running;
        let (own, own_wait) =
            self::room(room, most, partition.running, rate, partition.next_start_at, locked.now);
        wait = wait.into_iter().chain(own_wait).min();
        if own > 0 {
            keys.push(partition.key.clone());
            rooms.push(own);
        }
    }
    let rows = claim_of_each(db, request, room, &keys, &rooms).await?;
    if let Some(rate) = rate {
        let mut started: HashMap<&str, i64> = HashMap::new();
        for key in rows.iter().filter_map(|row| row.partition_key.as_deref()) {
            *started.entry(key).or_default() += 1;
        }
        let (keys, nexts): (Vec<String>, Vec<DateTime<Utc>>) = partitions
            .iter()
            .filter_map(|partition| {
                let started = *started.get(partition.key.as_str())?;
                Some((partition.key.clone(), rate.after(partition.next_start_at, locked.now, started)))
            })
            .unzip();
        sqlx::query!(
            "insert into job_partitions (queue, key, turn, next_start_at)
             select $1, key, 0, next from unnest($2::text[], $3::timestamptz[]) as given (key, next) order by key
             on conflict (queue, key) do update set next_start_at = excluded.next_start_at",
            request.queue.name(),
            &keys,
            &nexts,
        )
        .execute(db)
        .await?;
    }
    Ok((rows, wait))
}

struct Partition {
    key: String,
    next_start_at: DateTime<Utc>,
    running: i64,
}

/// Lists the partitions that have ready jobs, with the number of their running jobs.
///
/// `waiting` steps from one partition to the next in the index `jobs_open_partition`, however many jobs each has. `running`
/// counts by the function `running_jobs`, which reads `job_batches`.
async fn list_waiting(db: &mut PgConnection, queue: Queue) -> sqlx::Result<Vec<Partition>> {
    sqlx::query_as!(
        Partition,
        r#"with recursive waiting (key) as (
               (select partition_key from jobs
                where queue = $1 and open and state = 'ready' and partition_key is not null
                order by partition_key limit 1)
               union all
               select (select partition_key from jobs
                       where queue = $1 and open and state = 'ready' and partition_key > waiting.key
                       order by partition_key limit 1)
               from waiting where waiting.key is not null
           ), running as (
               select partition_key, count(*) as jobs from running_jobs($1) group by partition_key
           )
           select waiting.key as "key!", coalesce(next_start_at, 'epoch') as "next_start_at!",
                  coalesce(running.jobs, 0) as "running!"
           from waiting
           left join running on partition_key = waiting.key
           left join job_partitions on job_partitions.queue = $1 and job_partitions.key = waiting.key
           where waiting.key is not null"#,
        queue.name(),
    )
    .fetch_all(db)
    .await
}

/// Claims up to `room` jobs: of each partition in `keys` up to its entry in `rooms`, and jobs without a partition.
///
/// - `priorities` steps from one priority to the next in the index `jobs_open`.
/// - `candidates` are the first jobs without a partition of each priority, which have turn 0, by `jobs_open`; and the first
///   jobs of each partition, by `jobs_open_partition`.
/// - `chosen` locks the first `room` candidates, by the primary key.
/// - `claimed` and `noted` are as in [`claim_batch`].
async fn claim_of_each(
    db: &mut PgConnection,
    request: &ClaimRequest,
    room: i64,
    keys: &[String],
    rooms: &[i64],
) -> sqlx::Result<Vec<ClaimedRow>> {
    let mut rows = query_claimed!(
        request,
        r#"with recursive priorities (priority) as (
               (select priority from jobs where queue = $1 and open and state = 'ready' order by priority limit 1)
               union all
               select (select priority from jobs
                       where queue = $1 and open and state = 'ready' and jobs.priority > priorities.priority
                       order by priority limit 1)
               from priorities where priorities.priority is not null
           ), candidates as (
               select free.id, free.priority, free.turn
               from priorities
               cross join lateral (
                   select id, priority, turn from jobs
                   where queue = $1 and open and state = 'ready' and partition_key is null
                     and jobs.priority = priorities.priority and turn = 0
                   order by id limit $4) as free
               union all
               select first.id, first.priority, first.turn
               from unnest($5::text[], $6::bigint[]) as open (key, room)
               cross join lateral (
                   select id, priority, turn from jobs
                   where queue = $1 and open and state = 'ready' and partition_key = open.key
                   order by priority, turn, id limit open.room) as first
           ), chosen as (
               select id from jobs
               where id = any(array(select id from candidates order by priority, turn, id limit $4))
                 and state = 'ready'
               for update skip locked
           )"#,
        "id = any(array(select id from chosen))",
        room,
        keys,
        rooms,
    )
    .fetch_all(db)
    .await?;
    rows.sort_unstable_by_key(ClaimedRow::position);
    Ok(rows)
}
