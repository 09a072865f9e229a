//! Claiming from a queue that is held: one process at a time, within the limits that an operator has set.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};

use super::claim::{Ask, Heed, Place, Row, claim};
use super::job::Queue;
use super::limits::{Limits, Rate};
use crate::ids::JobId;
use pawdium_db::Tx;

/// Before looking again at what concurrency limits hold back: no notification tells that a job elsewhere has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a claim within limits found.
#[derive(Debug)]
pub(super) enum Found {
    /// The queue is not held any more: claim as usual.
    Open,
    /// These, and nothing that limits hold back; fewer than asked for: the queue is drained.
    Jobs(Vec<Row>),
    /// These; more is ready and has to wait for so long.
    Blocked(Vec<Row>, Duration),
    /// Nothing runs until somebody resumes the queue.
    Paused,
}

/// Claims within the queue's limits. Claims of one queue that is held follow each other, because each
/// has to see what the last one took.
pub(super) async fn claim_within_limits(db: &PgPool, ask: &Ask) -> sqlx::Result<Found> {
    let queue = ask.queue;
    let settings = sqlx::query!(
        r#"select held as "held!", paused_at is not null as "paused!" from job_queues where name = $1"#,
        queue.name(),
    );
    match settings.fetch_optional(db).await? {
        Some(settings) if settings.paused => return Ok(Found::Paused),
        Some(settings) if settings.held => {}
        _ => return Ok(Found::Open),
    }
    let mut tx = Tx::begin(db).await?;
    let Some(held) = lock(&mut tx, queue).await? else { return Ok(Found::Open) };
    if held.paused {
        return Ok(Found::Paused);
    }
    if !held.waiting {
        return Ok(Found::Jobs(Vec::new()));
    }
    let (room, wait) = held.room(ask.limit());
    let by_partition =
        held.limits.partition_max_running.is_some() || held.limits.partition_starts_per_minute.is_some();
    let (rows, partitions_wait) = if room == 0 {
        (Vec::new(), None)
    } else if by_partition {
        claim_by_partition(&mut tx, ask, room, &held).await?
    } else {
        let ask = Ask { limit: usize::try_from(room).unwrap_or(usize::MAX), ..ask.clone() };
        (claim(&mut *tx, &ask, Place::FIRST, Heed::Nothing).await?, None)
    };
    let started = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if let Some(rate) = held.limits.starts_per_minute.filter(|_| started > 0).map(Rate::per_minute) {
        let next = rate.after(held.next_start_at, held.now, started);
        sqlx::query!("update job_queues set next_start_at = $2 where name = $1", queue.name(), next)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    let wait = if started == room { wait.into_iter().chain(partitions_wait).min() } else { partitions_wait };
    Ok(match wait {
        Some(wait) => Found::Blocked(rows, wait),
        None => Found::Jobs(rows),
    })
}

struct Held {
    paused: bool,
    limits: Limits,
    next_start_at: DateTime<Utc>,
    now: DateTime<Utc>,
    running: i64,
    /// Whether anything is ready.
    waiting: bool,
}

impl Held {
    /// How many may start, and if that is fewer than wanted, how long the next has to wait.
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

/// Locks the queue's settings; `None` when nothing is set. The count is asked for in a statement of its own, which sees
/// what the last holder of the lock has committed.
async fn lock(db: &mut PgConnection, queue: Queue) -> sqlx::Result<Option<Held>> {
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
    Ok(Some(Held {
        paused: row.paused_at.is_some(),
        limits: Limits {
            max_running: row.max_running,
            starts_per_minute: row.starts_per_minute,
            partition_max_running: row.partition_max_running,
            partition_starts_per_minute: row.partition_starts_per_minute,
        },
        next_start_at: row.next_start_at,
        now: count.now,
        running: count.running,
        waiting: count.waiting,
    }))
}

/// Takes from each partition no more than its own room, and `room` in all, in the queue's order. Jobs without a partition
/// have only the queue's limits.
async fn claim_by_partition(
    db: &mut PgConnection,
    ask: &Ask,
    room: i64,
    held: &Held,
) -> sqlx::Result<(Vec<Row>, Option<Duration>)> {
    let rate = held.limits.partition_starts_per_minute.map(Rate::per_minute);
    let partitions = list_waiting(db, ask.queue).await?;
    let (mut keys, mut rooms, mut wait) = (Vec::new(), Vec::new(), None);
    for partition in &partitions {
        let most = held.limits.partition_max_running;
        let (own, own_wait) =
            self::room(room, most, partition.running, rate, partition.next_start_at, held.now);
        wait = wait.into_iter().chain(own_wait).min();
        if own > 0 {
            keys.push(partition.key.clone());
            rooms.push(own);
        }
    }
    let rows = claim_of_each(db, ask, room, &keys, &rooms).await?;
    if let Some(rate) = rate {
        let mut started: HashMap<&str, i64> = HashMap::new();
        for key in rows.iter().filter_map(|row| row.1.as_deref()) {
            *started.entry(key).or_default() += 1;
        }
        let (keys, nexts): (Vec<String>, Vec<DateTime<Utc>>) = partitions
            .iter()
            .filter_map(|partition| {
                let started = *started.get(partition.key.as_str())?;
                Some((partition.key.clone(), rate.after(partition.next_start_at, held.now, started)))
            })
            .unzip();
        sqlx::query!(
            "insert into job_partitions (queue, key, turn, next_start_at)
             select $1, key, 0, next from unnest($2::text[], $3::timestamptz[]) as given (key, next) order by key
             on conflict (queue, key) do update set next_start_at = excluded.next_start_at",
            ask.queue.name(),
            &keys,
            &nexts,
        )
        .execute(db)
        .await?;
    }
    Ok((rows.into_iter().map(|(row, _)| row).collect(), wait))
}

struct Partition {
    key: String,
    next_start_at: DateTime<Utc>,
    running: i64,
}

/// The partitions with work that is ready, and how many of their jobs run. They are found by stepping from one to the next
/// in the index, however many jobs each has.
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

/// Claims up to `room` jobs: of each of `keys` as many as its room, and of those without a partition, which have turn 0 and
/// are the first of each priority.
async fn claim_of_each(
    db: &mut PgConnection,
    ask: &Ask,
    room: i64,
    keys: &[String],
    rooms: &[i64],
) -> sqlx::Result<Vec<(Row, Option<String>)>> {
    let rows = sqlx::query!(
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
                   order by id limit $3) as free
               union all
               select first.id, first.priority, first.turn
               from unnest($4::text[], $5::bigint[]) as open (key, room)
               cross join lateral (
                   select id, priority, turn from jobs
                   where queue = $1 and open and state = 'ready' and partition_key = open.key
                   order by priority, turn, id limit open.room) as first
           ), chosen as (
               select id from jobs
               where id = any(array(select id from candidates order by priority, turn, id limit $3))
                 and state = 'ready'
               for update skip locked
           ), claimed as (
               update jobs
               set state = 'running', attempt = attempt + 1, claim = claim + 1, worker_id = $2,
                   claimed_at = clock_timestamp(),
                   unique_key = case when key_waits_only then null else unique_key end
               where id = any(array(select id from chosen))
               returning id, kind, payload::text, attempt, max_attempts, claim, priority, turn, partition_key,
                         created_at
           ), noted as (
               insert into job_batches (queue, worker_id, number, jobs)
               select $1, $2, $6, array_agg(id) from claimed having count(*) > 0
           )
           select id as "id: JobId", kind, payload as "payload!", attempt, max_attempts,
                  claim, priority, turn, partition_key, created_at
           from claimed"#,
        ask.queue.name(),
        ask.worker.0,
        room,
        keys,
        rooms,
        ask.batch,
    )
    .fetch_all(db)
    .await?;
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let claimed = Row {
                id: row.id,
                kind: row.kind,
                payload: row.payload,
                attempt: row.attempt,
                max_attempts: row.max_attempts,
                claim: row.claim,
                priority: row.priority,
                turn: row.turn,
                created_at: row.created_at,
            };
            (claimed, row.partition_key)
        })
        .collect();
    rows.sort_unstable_by_key(|(row, _)| row.place());
    Ok(rows)
}
