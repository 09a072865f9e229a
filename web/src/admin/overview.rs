//! The overview: job counts, recent failures, waiting mail and workers.

use std::time::Duration;

use axum::extract::State;
use chrono::{DateTime, Utc};
use pawdium_queue::inspect::{self, Backlog, JobRow, JobState, KindCounts, WorkerRow};
use pawdium_shared::jobs::KINDS;
use pawdium_shared::mask::mask;
use pawdium_shared::queues;

use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{AdminPage, JobFailure, JobKind, WaitingMail, WorkerProcess};

/// Failures on the overview.
const FAILURES: i64 = 20;

/// `GET /admin`
pub async fn page(State(app): State<App>, viewing: AdminViewing) -> Result<Page<AdminPage>, Error> {
    let mut db = app.db.acquire().await?;
    let now = Utc::now();
    let failures = inspect::list_failures(&mut db, FAILURES).await?;
    let workers = inspect::list_workers(&mut db).await?;
    Ok(Page(AdminPage {
        mail: waiting_mail(inspect::backlog(&mut db, queues::MAIL).await?, now, viewing.may_act),
        kinds: all_kinds(inspect::count_kinds(&mut db).await?, now),
        failures: failures.into_iter().map(|row| failure(row, viewing.may_act)).collect(),
        workers: workers.into_iter().filter(|row| row.alive).map(|row| worker(row, now)).collect(),
        at: now,
        may_act: viewing.may_act,
        chrome: viewing.chrome,
    }))
}

/// All kinds, including those without jobs.
fn all_kinds(counted: Vec<KindCounts>, now: DateTime<Utc>) -> Vec<JobKind> {
    let mut kinds: Vec<JobKind> = counted.into_iter().map(|row| job_kind(row, now)).collect();
    for &(queue, kind) in KINDS {
        if !kinds.iter().any(|known| known.kind == kind) {
            let (queue, kind) = (queue.name().to_owned(), kind.to_owned());
            kinds.push(JobKind { queue, kind, ready: 0, running: 0, scheduled: 0, dead: 0, oldest: None });
        }
    }
    kinds.sort_by(|a, b| (&a.queue, &a.kind).cmp(&(&b.queue, &b.kind)));
    kinds
}

fn job_kind(row: KindCounts, now: DateTime<Utc>) -> JobKind {
    JobKind {
        queue: row.queue,
        kind: row.kind,
        ready: row.ready,
        running: row.running,
        scheduled: row.scheduled,
        dead: row.dead,
        oldest: row.oldest.map(|at| since(at, now)),
    }
}

fn waiting_mail(backlog: Backlog, now: DateTime<Utc>, whole: bool) -> Option<WaitingMail> {
    Some(WaitingMail {
        count: backlog.waiting,
        oldest: since(backlog.oldest?, now),
        error: backlog.last_error.map(|error| if whole { error } else { mask(&error).into_owned() }),
    })
}

fn failure(row: JobRow, whole: bool) -> JobFailure {
    let error = row.last_error.unwrap_or_default();
    JobFailure {
        id: row.id.0,
        kind: row.kind,
        error: if whole { error } else { mask(&error).into_owned() },
        at: row.at,
        attempts: row.attempt,
        max_attempts: row.max_attempts,
        dead: row.state == JobState::Dead,
    }
}

fn worker(row: WorkerRow, now: DateTime<Utc>) -> WorkerProcess {
    WorkerProcess {
        name: row.name,
        host: row.host,
        pid: row.pid,
        since: row.started_at,
        running: row.running,
        beat: since(row.beat_at, now),
    }
}

/// The time since `at`; zero if another host's clock is ahead.
pub fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).to_std().unwrap_or_default()
}
