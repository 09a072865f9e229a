//! Injects faults, and heals them.

use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::TimeDelta;
use pawdium_kit::relay::Relay;
use pawdium_kit::stack::Stack;
use pawdium_queue::JobId;
use pawdium_queue::{Job as _, Queue, control};
use pawdium_shared::db::Tx;
use sqlx::PgPool;

use super::fleet::{Fleet, ProcessKind};
use super::plan::{Fault, FaultSchedule};
use crate::effects;
use crate::kinds::{Aborts, Bloats, Effect, Flaky, Marathon, Note, Slow, Tagged};
use crate::ledger::{Ledger, Line};
use crate::sessions::{self, Idler};
use crate::starts;

/// How long an ended process stays down.
const DOWN: Duration = Duration::from_millis(700);

/// The round trip time of a slow connection.
const FAR: Duration = Duration::from_millis(20);

/// How many jobs are cancelled at once.
const CANCELLED: i64 = 10;

/// How many short jobs wait behind a long one.
const BEHIND: i64 = 49;

/// How to heal a fault.
#[derive(Clone, Copy, Debug)]
enum Remedy {
    Start(usize),
    Thaw(usize),
    Postgres,
    Line,
    Resume(Queue),
}

/// Controls everything that faults can break.
pub(super) struct Director<'a> {
    db: &'a PgPool,
    stack: &'a mut Stack,
    relay: Relay,
    fleet: Fleet,
    ledger: Ledger,
    /// A session that is idle in a transaction; `None` while Postgres is away.
    idler: Option<Idler>,
    remedies: Vec<(Instant, Remedy)>,
    line_is_bad: bool,
    faults: u32,
    tag: i64,
}

impl<'a> Director<'a> {
    pub(super) async fn new(
        db: &'a PgPool,
        stack: &'a mut Stack,
        relay: Relay,
        fleet: Fleet,
        ledger: Ledger,
    ) -> Result<Self> {
        let idler = Some(Idler::begin(db).await?);
        let (remedies, line_is_bad, faults, tag) = (Vec::new(), false, 0, 0);
        Ok(Self { db, stack, relay, fleet, ledger, idler, remedies, line_is_bad, faults, tag })
    }

    /// The number of faults so far.
    pub(super) fn faults(&self) -> u32 {
        self.faults
    }

    /// Injects a fault. Returns `false` if there is nothing that it could break.
    pub(super) async fn inject(&mut self, fault: Fault, schedule: &mut FaultSchedule) -> Result<bool> {
        let broke = match fault {
            Fault::KillWorker { renamed } => self.kill(ProcessKind::Worker, schedule, renamed, None).await?,
            Fault::KillEnqueuer => self.kill(ProcessKind::Enqueuer, schedule, false, None).await?,
            Fault::KillScheduler => self.kill(ProcessKind::Scheduler, schedule, false, Some(0)).await?,
            Fault::ShiftClock { hours } => {
                self.kill(ProcessKind::Scheduler, schedule, false, Some(hours)).await?
            }
            Fault::TerminateWorker => self.terminate(schedule),
            Fault::FreezeWorker { time } => self.freeze(schedule, time),
            Fault::CrashPostgres { time } => self.crash_postgres(time).await?,
            Fault::EndSession { of } => {
                let ending = sessions::end_one(self.db, "worker", of);
                matches!(tokio::time::timeout(DOWN, ending).await, Ok(Ok(true)))
            }
            Fault::Cancel => matches!(tokio::time::timeout(DOWN, self.cancel_some()).await, Ok(Ok(true))),
            Fault::Pause { queue, time } => self.pause(queue, time).await,
            Fault::Abort => {
                let tag = self.next_tag();
                self.enqueue(vec![Aborts { tag }]).await.is_ok()
            }
            Fault::Bloat => {
                let tag = self.next_tag();
                self.enqueue(vec![Bloats { tag }]).await.is_ok()
            }
            Fault::Delay { time } => self.disturb(time, |relay| relay.delay(FAR)),
            Fault::Silence { time } => self.disturb(time, Relay::silence),
            Fault::SilenceListeners { time } => self.disturb(time, |relay| {
                relay.silence_those_who_said(b"LISTEN");
            }),
            Fault::Cut { time } => self.disturb(time, Relay::cut),
        };
        self.faults += u32::from(broke);
        Ok(broke)
    }

    /// Applies the due remedies, and restarts processes that have ended by themselves.
    pub(super) async fn tend(&mut self) -> Result<()> {
        for member in self.fleet.fallen()? {
            self.later(DOWN, Remedy::Start(member));
        }
        let now = Instant::now();
        let (due, rest) = self.remedies.drain(..).partition(|(at, _)| *at <= now);
        self.remedies = rest;
        let due: Vec<(Instant, Remedy)> = due;
        for (_, remedy) in due {
            self.apply(remedy).await?;
        }
        Ok(())
    }

    /// Enqueues a long job and short ones behind it for the survivor, which runs one at a time.
    pub(super) async fn start_marathon(&mut self, seconds: u64) -> Result<()> {
        let mut jobs = vec![Marathon { tag: self.next_tag(), seconds }];
        for _ in 0..BEHIND {
            jobs.push(Marathon { tag: self.next_tag(), seconds: 0 });
        }
        self.enqueue(jobs).await
    }

    /// Applies all remedies at once, and stops the enqueuers and schedulers. Returns what went wrong.
    pub(super) async fn heal(&mut self) -> Result<Vec<String>> {
        self.relay.mend();
        self.fleet.thaw_all();
        let (postgres, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.remedies)
            .into_iter()
            .partition(|(_, remedy)| matches!(remedy, Remedy::Postgres));
        for (_, remedy) in postgres.into_iter().chain(others) {
            self.apply(remedy).await?;
        }
        self.fleet.start_all()?;
        let mut wrongs = self.fleet.stop(ProcessKind::Enqueuer).await?;
        wrongs.extend(self.fleet.stop(ProcessKind::Scheduler).await?);
        Ok(wrongs)
    }

    /// Waits until no job is live. Returns what is wrong if that takes too long.
    pub(super) async fn come_to_rest(&mut self, patience: Duration) -> Result<Vec<String>> {
        let begin = Instant::now();
        while begin.elapsed() < patience {
            self.tend().await?;
            let live: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(self.db).await?;
            if live == 0 {
                println!("chaos: at rest after another {:.1?}", begin.elapsed());
                return Ok(Vec::new());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(vec![format!("not at rest after {patience:?}")])
    }

    /// Stops the workers. Returns what went wrong.
    pub(super) async fn finish(mut self) -> Result<Vec<String>> {
        let mut wrongs = self.fleet.stop(ProcessKind::Worker).await?;
        wrongs.extend(self.fleet.stop(ProcessKind::Survivor).await?);
        if let Some(idler) = self.idler {
            idler.end().await?;
        }
        Ok(wrongs)
    }

    async fn apply(&mut self, remedy: Remedy) -> Result<()> {
        match remedy {
            Remedy::Start(member) => self.fleet.start(member)?,
            Remedy::Thaw(member) => self.fleet.thaw(member),
            Remedy::Postgres => {
                self.stack.restart_postgres().await?;
                self.idler = Some(Idler::begin(self.db).await?);
            }
            Remedy::Resume(queue) => {
                let resuming = async { control::resume(&mut *self.db.acquire().await?, queue).await };
                if resuming.await.is_err() {
                    // Postgres is away.
                    self.later(DOWN, remedy);
                }
            }
            Remedy::Line => {
                self.relay.mend();
                self.line_is_bad = false;
            }
        }
        Ok(())
    }

    fn later(&mut self, time: Duration, remedy: Remedy) {
        self.remedies.push((Instant::now() + time, remedy));
    }

    /// Kills a process of a kind. It comes back, under another name or with a wrong clock if these are given.
    async fn kill(
        &mut self,
        kind: ProcessKind,
        schedule: &mut FaultSchedule,
        renamed: bool,
        hours: Option<i64>,
    ) -> Result<bool> {
        let Some(member) = schedule.one_of(&self.fleet.up(kind)) else { return Ok(false) };
        self.fleet.kill(member).await?;
        if renamed {
            self.fleet.rename(member);
        }
        if let Some(hours) = hours {
            self.fleet.shift_clock(member, TimeDelta::hours(hours));
        }
        self.later(DOWN, Remedy::Start(member));
        Ok(true)
    }

    fn terminate(&mut self, schedule: &mut FaultSchedule) -> bool {
        let Some(member) = schedule.one_of(&self.fleet.up(ProcessKind::Worker)) else { return false };
        self.fleet.terminate(member);
        true
    }

    fn freeze(&mut self, schedule: &mut FaultSchedule, time: Duration) -> bool {
        let Some(member) = schedule.one_of(&self.fleet.up(ProcessKind::Worker)) else { return false };
        self.fleet.freeze(member);
        self.later(time, Remedy::Thaw(member));
        true
    }

    async fn crash_postgres(&mut self, time: Duration) -> Result<bool> {
        if self.idler.take().is_none() {
            return Ok(false);
        }
        self.stack.crash_postgres().await;
        starts::note_crash(self.fleet.folder())?;
        self.later(time, Remedy::Postgres);
        Ok(true)
    }

    /// Cancels some jobs that no other job waits for.
    async fn cancel_some(&self) -> sqlx::Result<bool> {
        let mut tx = Tx::begin(self.db).await?;
        let some: Vec<JobId> = sqlx::query_scalar(
            "select id from jobs where kind = any($1) order by state = 'running' desc, random() limit $2",
        )
        .bind([Effect::KIND, Note::KIND, Slow::KIND, Flaky::KIND])
        .bind(CANCELLED)
        .fetch_all(&mut *tx)
        .await?;
        let cancelled = control::cancel(&mut tx, &some, "cancelled").await?;
        tx.commit().await?;
        Ok(!cancelled.is_empty())
    }

    async fn pause(&mut self, queue: Queue, time: Duration) -> bool {
        let pausing = async {
            let mut tx = Tx::begin(self.db).await?;
            // The server gives up before the client does, so that the pause can't come after the resume.
            sqlx::query("set local statement_timeout = '500ms'").execute(&mut *tx).await?;
            let paused = control::pause(&mut tx, queue).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(paused)
        };
        let paused = matches!(tokio::time::timeout(DOWN, pausing).await, Ok(Ok(true)));
        // The queue may be paused even if the answer is lost.
        self.later(time, Remedy::Resume(queue));
        paused
    }

    /// Disturbs the connections to the database, unless they are already disturbed.
    fn disturb(&mut self, time: Duration, disturb: impl Fn(&Relay)) -> bool {
        if std::mem::replace(&mut self.line_is_bad, true) {
            return false;
        }
        disturb(&self.relay);
        self.later(time, Remedy::Line);
        true
    }

    fn next_tag(&mut self) -> i64 {
        self.tag += 1;
        self.tag
    }

    async fn enqueue<J: Tagged>(&self, jobs: Vec<J>) -> Result<()> {
        let mut tx = Tx::begin(self.db).await?;
        let mut lines = Vec::new();
        for job in jobs {
            lines.push(Line::Enqueued(effects::enqueue(&mut tx, job, Duration::ZERO).await?));
        }
        tx.commit().await?;
        self.ledger.write(&lines)
    }
}
