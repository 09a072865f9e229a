//! The verdict: it compares the three records with the queue's tables when no job is live any more.

mod checks;

use std::path::Path;

use chrono::{DateTime, Utc};
use pawdium_queue::ledger::balance;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::ledger::{self, Entry, Line};
use crate::{kinds, starts};
use checks::{CHECKS, Charge};

/// The number of rows in one insert.
const CHUNK: usize = 20_000;

/// The most offenders of a check that are named.
const NAMED: usize = 5;

const TABLES: &str = "
    drop table if exists effective, doomed, told, started;
    create temporary table effective (kind text primary key);
    create temporary table doomed (kind text primary key);
    create temporary table told (
        at timestamptz not null, kind text not null, tag bigint not null, job bigint, key text,
        followers smallint not null);
    create temporary table started (
        job bigint primary key, starts integer not null, last timestamptz not null, uncounted integer not null,
        highest smallint not null, repeated integer not null)";

/// The result of the comparison.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The number of jobs that were acknowledged or exist.
    pub enqueued: i64,
    /// The number of these that are done.
    pub done: i64,
    /// The number of these that are dead.
    pub dead: i64,
    /// The number of these that were cancelled.
    pub cancelled: i64,
    /// The number of acknowledged things that are missing.
    pub lost: usize,
    /// The number of things that exist more than once.
    pub doubled: usize,
    /// All that is wrong, including what is lost or doubled.
    pub wrongs: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wrongs.is_empty() && self.lost == 0 && self.doubled == 0
    }

    /// Adds something that is wrong.
    pub fn blame(&mut self, wrong: impl Into<String>) {
        self.wrongs.push(wrong.into());
    }
}

/// Compares the database with the ledgers and the logs of starts in `folder`.
///
/// # Errors
/// If one of them can't be read.
pub async fn judge(db: &mut PgConnection, folder: &Path) -> anyhow::Result<Verdict> {
    db.execute(AssertSqlSafe(TABLES)).await?;
    let mut verdict = Verdict::default();
    let mut told = Vec::new();
    for line in ledger::read(folder)? {
        match line {
            Line::Enqueued(entry) => told.push(entry),
            Line::EnqueuedMany { kind, jobs } => told.extend(jobs.into_iter().map(|job| many(&kind, job))),
            Line::Refused(error) => verdict.blame(format!("an enqueue was refused: {error}")),
        }
    }
    load_kinds(db).await?;
    load_told(db, &told).await?;
    load_started(db, folder).await?;
    db.execute("analyze told; analyze started; analyze job_history; analyze chaos_effects").await?;
    count(db, &mut verdict).await?;
    for check in CHECKS {
        let offenders: Vec<String> = sqlx::query_scalar(check.query).fetch_all(&mut *db).await?;
        if offenders.is_empty() {
            continue;
        }
        match check.charge {
            Charge::Lost => verdict.lost += offenders.len(),
            Charge::Doubled => verdict.doubled += offenders.len(),
            Charge::Wrong => {}
        }
        let named = offenders.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        verdict.blame(format!("{} {}: {named}", offenders.len(), check.says));
    }
    for account in balance(db).await? {
        if account.missing() != 0 {
            verdict.blame(format!("the queue's own accounts don't balance: {account:?}"));
        }
    }
    Ok(verdict)
}

fn many(kind: &str, job: i64) -> Entry {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Entry { at, kind: kind.to_owned(), tag: 0, job: Some(job), key: None, followers: 0 }
}

async fn load_kinds(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("insert into effective select unnest($1::text[])")
        .bind(kinds::EFFECTIVE)
        .execute(&mut *db)
        .await?;
    sqlx::query("insert into doomed select unnest($1::text[])").bind(kinds::DOOMED).execute(&mut *db).await?;
    Ok(())
}

async fn load_told(db: &mut PgConnection, told: &[Entry]) -> sqlx::Result<()> {
    for chunk in told.chunks(CHUNK) {
        sqlx::query(
            "insert into told
             select * from unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
                                  $6::smallint[])",
        )
        .bind(chunk.iter().map(|entry| entry.at).collect::<Vec<_>>())
        .bind(chunk.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>())
        .bind(chunk.iter().map(|entry| entry.tag).collect::<Vec<_>>())
        .bind(chunk.iter().map(|entry| entry.job).collect::<Vec<_>>())
        .bind(chunk.iter().map(|entry| entry.key.as_deref()).collect::<Vec<_>>())
        .bind(chunk.iter().map(|entry| entry.followers).collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn load_started(db: &mut PgConnection, folder: &Path) -> anyhow::Result<()> {
    let counts: Vec<_> = starts::read(folder)?.into_iter().collect();
    for chunk in counts.chunks(CHUNK) {
        sqlx::query(
            "insert into started
             select * from unnest($1::bigint[], $2::integer[], $3::timestamptz[], $4::integer[], $5::smallint[],
                                  $6::integer[])",
        )
        .bind(chunk.iter().map(|(job, _)| *job).collect::<Vec<_>>())
        .bind(chunk.iter().map(|(_, count)| count.starts).collect::<Vec<_>>())
        .bind(chunk.iter().map(|(_, count)| count.last).collect::<Vec<_>>())
        .bind(chunk.iter().map(|(_, count)| count.uncounted).collect::<Vec<_>>())
        .bind(chunk.iter().map(|(_, count)| count.highest).collect::<Vec<_>>())
        .bind(chunk.iter().map(|(_, count)| count.repeated).collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn count(db: &mut PgConnection, verdict: &mut Verdict) -> sqlx::Result<()> {
    (verdict.enqueued, verdict.done, verdict.dead, verdict.cancelled) = sqlx::query_as(
        "with known as (
             select id, outcome from job_history where kind like 'chaos.%'
             union all select id, null from jobs where kind like 'chaos.%'
             union all select job, null from told
                       where job is not null and not exists (select from job_history where id = job)
                         and not exists (select from jobs where id = job))
         select count(*), count(*) filter (where outcome = 'done'), count(*) filter (where outcome = 'dead'),
                count(*) filter (where outcome = 'cancelled')
         from known",
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Lists the ticks between the schedule's first and last one, `period` seconds apart, that never fired.
///
/// # Errors
/// If the database can't be reached.
pub async fn missed_ticks(db: &mut PgConnection, schedule: &str, period: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "with fired as (
             select (payload->>'tag')::bigint as tick from job_history
             where kind = 'chaos.tick.v1' and payload->>'schedule' = $1)
         select tick from generate_series((select min(tick) from fired), (select max(tick) from fired), $2) as tick
         except select tick from fired order by 1",
    )
    .bind(schedule)
    .bind(period)
    .fetch_all(db)
    .await
}
