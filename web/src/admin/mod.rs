//! What admins and moderators see of the queues, and what admins can do to a job.

use std::time::Duration;

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_shared::accounts::Role;
use pawdium_shared::ids::JobId;
use pawdium_shared::jobs::KINDS;
use pawdium_shared::queue::control;
use pawdium_shared::queue::inspect::{self, JobRow, KindCounts, WorkerRow};

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::admin::{AdminPage, JobFailure, JobKind, WorkerProcess};

/// How many failures the overview shows.
const FAILURES: i64 = 20;

/// `GET /admin`
pub async fn overview(State(app): State<App>, viewing: Viewing) -> Result<Page<AdminPage>, Error> {
    // To everybody else the page isn't there.
    if !viewing.visitor.moderates() {
        return Err(Error::NotFound);
    }
    let mut db = app.db.acquire().await?;
    let now = Utc::now();
    Ok(Page(AdminPage {
        chrome: viewing.chrome,
        kinds: all_kinds(inspect::count_kinds(&mut db).await?, now),
        failures: inspect::list_failures(&mut db, FAILURES).await?.into_iter().map(failure).collect(),
        workers: inspect::list_workers(&mut db).await?.into_iter().map(|row| worker(row, now)).collect(),
        at: now,
    }))
}

/// `POST /admin/jobs/{job}/retry`
pub async fn retry(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(job): Path<JobId>,
) -> Result<(CookieJar, Redirect), Error> {
    require_admin(&visitor)?;
    let retried = !control::retry(&mut *app.db.acquire().await?, &[job]).await?.is_empty();
    let notice = if retried { Notice::JobRetried } else { Notice::JobGone };
    Ok((jar.add(notice.cookie()), Redirect::to("/admin")))
}

/// `POST /admin/jobs/{job}/delete`
pub async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(job): Path<JobId>,
) -> Result<(CookieJar, Redirect), Error> {
    require_admin(&visitor)?;
    let deleted = !control::delete(&mut *app.db.acquire().await?, &[job]).await?.is_empty();
    let notice = if deleted { Notice::JobDeleted } else { Notice::JobGone };
    Ok((jar.add(notice.cookie()), Redirect::to("/admin")))
}

fn require_admin(visitor: &Visitor) -> Result<(), Error> {
    match &visitor.user {
        Some(user) if user.role == Role::Admin => Ok(()),
        _ => Err(Error::Forbidden("Only admins can do that.")),
    }
}

/// Those that have jobs, and those that have none now.
fn all_kinds(counted: Vec<KindCounts>, now: DateTime<Utc>) -> Vec<JobKind> {
    let mut kinds: Vec<JobKind> = counted.into_iter().map(|row| job_kind(row, now)).collect();
    for (queue, kind) in KINDS {
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

fn failure(row: JobRow) -> JobFailure {
    JobFailure {
        id: row.id.0,
        kind: row.kind,
        error: row.last_error.unwrap_or_default(),
        at: row.at,
        attempts: row.attempt,
        max_attempts: row.max_attempts,
        dead: row.state == "dead",
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

fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).to_std().unwrap_or_default()
}
