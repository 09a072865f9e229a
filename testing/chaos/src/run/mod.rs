//! A whole run: load, faults in a seeded order, healing, and the verdict.

mod faults;
mod fleet;
mod plan;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use pawdium_kit::relay::{Relay, Target};
use pawdium_kit::stack::Stack;
use pawdium_queue::{Enqueue as _, Job as _};
use pawdium_shared::db::Tx;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::effects::prepare;
use crate::kinds::Bulk;
use crate::launch::Launcher;
use crate::ledger::{Ledger, Line};
use crate::roles::{COALESCED, REPLAYED};
use crate::servers::{keep, with_servers};
use crate::verdict::{self, Verdict};
use faults::Director;
use fleet::{Fleet, PERIOD};
use plan::FaultSchedule;

/// How many jobs of the backlog one transaction enqueues.
const CHUNK: i64 = 10_000;

/// The slowest pace at which a backlog is worked off, in jobs a second.
const PACE: i64 = 500;

/// How long the last jobs may take after the healing: until a lease ends, and some attempts after that.
const REST: Duration = Duration::from_secs(100);

/// How long setting up and judging may take.
const SETTING_UP: Duration = Duration::from_mins(5);

/// The time between two progress reports.
const REPORT: Duration = Duration::from_secs(10);

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// `pawdium-chaos` itself.
    pub program: PathBuf,
    /// How long faults are injected.
    pub duration: Duration,
    /// The seed of the faults and the load.
    pub seed: u64,
    /// The number of jobs that wait at the beginning.
    pub backlog: i64,
    /// The length of the longest job, in seconds.
    pub marathon: u64,
}

impl RunSettings {
    /// A run without a backlog. Its longest job takes a minute, or in a short run a little longer than a lease.
    #[must_use]
    pub fn new(program: PathBuf, duration: Duration) -> Self {
        let marathon = if duration >= Duration::from_mins(2) { 60 } else { 19 };
        Self { program, duration, seed: 0, backlog: 0, marathon }
    }

    /// A backlog that can be worked off beside the other jobs.
    #[must_use]
    pub fn backlog_for(duration: Duration) -> i64 {
        i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).saturating_mul(2000).min(1_000_000)
    }

    /// How long the queue may take to become idle after the healing.
    fn patience(&self) -> Duration {
        REST + Duration::from_secs((self.backlog / PACE).unsigned_abs() + self.marathon)
    }
}

/// Runs chaos, and prints what happens; the last line is the result. Returns `false` if something is wrong. The calling
/// thread must live as long as the run, which always ends within a time limit.
///
/// # Errors
/// If the run can't be set up, or doesn't end in time.
pub async fn run(settings: &RunSettings) -> Result<bool> {
    let limit = settings.duration + settings.patience() + SETTING_UP;
    println!("chaos: seed {}, {:?} of faults", settings.seed, settings.duration);
    let perform = async |folder: &Path, stack: &mut Stack| perform(settings, folder, stack).await;
    let ((verdict, faults), folder) = with_servers(limit, perform).await?;
    for wrong in &verdict.wrongs {
        println!("chaos: WRONG: {wrong}");
    }
    if !verdict.is_clean() {
        keep(folder);
    }
    if verdict.cancelled > 0 {
        println!("chaos: {} were cancelled", verdict.cancelled);
    }
    let Verdict { enqueued, done, dead, lost, doubled, .. } = verdict;
    println!(
        "chaos: {enqueued} enqueued, {done} done, {dead} dead, {lost} lost, {doubled} doubled, {faults} faults"
    );
    Ok(verdict.is_clean())
}

async fn perform(settings: &RunSettings, folder: &Path, stack: &mut Stack) -> Result<(Verdict, u32)> {
    let accounts = folder.join("accounts");
    std::fs::create_dir(&accounts)?;
    let db = PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy(&stack.database_url())?;
    prepare(&db).await?;
    remember_ticks(&db).await?;
    let ledger = Ledger::append(&accounts, "director")?;
    enqueue_backlog(&db, &ledger, settings.backlog).await?;

    let relay = Relay::to(Target::postgres(&db.connect_options())).await?;
    let launcher = Launcher::new(&settings.program, &accounts);
    let relayed = relay.url(&db.connect_options());
    let mut fleet = Fleet::new(launcher, &stack.database_url(), relayed.as_str(), settings.seed);
    fleet.start_all()?;
    let mut schedule = FaultSchedule::new(settings.seed);
    let mut director = Director::new(&db, stack, relay, fleet, ledger).await?;

    let begin = Instant::now();
    let (mut report, mut marathon) = (begin + REPORT, begin);
    let (mut gap, mut fault) = schedule.next_fault();
    let mut last = begin;
    while begin.elapsed() < settings.duration {
        tokio::time::sleep(Duration::from_millis(50)).await;
        director.tend().await?;
        if last.elapsed() >= gap {
            if director.inject(fault, &mut schedule).await? {
                println!("chaos: {:>4} s: {fault}", begin.elapsed().as_secs());
            }
            last = Instant::now();
            (gap, fault) = schedule.next_fault();
        }
        if Instant::now() >= marathon && director.start_marathon(settings.marathon).await.is_ok() {
            marathon = Instant::now() + Duration::from_secs(settings.marathon + 30);
        }
        if Instant::now() >= report {
            report_on(&db, begin).await;
            report += REPORT;
        }
    }
    println!("chaos: {:>4} s: healing", begin.elapsed().as_secs());
    let mut wrongs = director.heal().await?;
    wrongs.extend(director.come_to_rest(settings.patience()).await?);
    let faults = director.faults();
    wrongs.extend(director.finish().await?);
    let verdict = judge(&db, &accounts, wrongs).await?;
    Ok((verdict, faults))
}

/// Notes the ticks of the last hours as fired, so that a scheduler whose clock is behind fires nothing.
async fn remember_ticks(db: &PgPool) -> Result<()> {
    sqlx::query(
        "insert into schedule_ticks (schedule, tick)
         select schedule, to_timestamp(tick)
         from unnest($1::text[]) as schedule,
              generate_series(floor(extract(epoch from now()) / $2)::bigint * $2 - 4 * 3600,
                              floor(extract(epoch from now()) / $2)::bigint * $2, $2) as tick",
    )
    .bind([REPLAYED, COALESCED])
    .bind(PERIOD)
    .execute(db)
    .await?;
    Ok(())
}

async fn enqueue_backlog(db: &PgPool, ledger: &Ledger, backlog: i64) -> Result<()> {
    let begin = Instant::now();
    let mut enqueued = 0;
    while enqueued < backlog {
        let chunk = CHUNK.min(backlog - enqueued);
        let jobs: Vec<Bulk> = (enqueued..enqueued + chunk).map(|number| Bulk { tag: number }).collect();
        let mut tx = Tx::begin(db).await?;
        let ids = Bulk::enqueue_all(&mut tx, &jobs).await?;
        tx.commit().await?;
        let line = Line::EnqueuedMany { kind: Bulk::KIND.into(), jobs: ids.iter().map(|id| id.0).collect() };
        ledger.write(&[line])?;
        enqueued += chunk;
    }
    println!("chaos: a backlog of {backlog} enqueued in {:.1?}", begin.elapsed());
    Ok(())
}

async fn report_on(db: &PgPool, begin: Instant) {
    let counting = sqlx::query_as::<_, (i64, i64)>(
        "select (select count(*) from job_history), (select count(*) from jobs)",
    )
    .fetch_one(db);
    let said = match tokio::time::timeout(Duration::from_secs(5), counting).await {
        Ok(Ok((ended, live))) => format!("{ended} ended, {live} live"),
        _ => "the database is away".to_owned(),
    };
    println!("chaos: {:>4} s: {said}", begin.elapsed().as_secs());
}

async fn judge(db: &PgPool, accounts: &Path, wrongs: Vec<String>) -> Result<Verdict> {
    let mut connection = db.acquire().await?;
    let mut verdict = verdict::judge(&mut connection, accounts).await?;
    verdict.wrongs.extend(wrongs);
    let missed = verdict::missed_ticks(&mut connection, REPLAYED, PERIOD).await?;
    if !missed.is_empty() {
        verdict.lost += missed.len();
        verdict.blame(format!(
            "{} ticks were never fired: {:?}",
            missed.len(),
            &missed[..missed.len().min(5)]
        ));
    }
    Ok(verdict)
}
