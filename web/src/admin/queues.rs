//! The queues: live figures, and the forms that pause, resume and limit them.

use axum::extract::{Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_queue::control::{self, QueueSettings};
use pawdium_queue::inspect::{self, KindFigures, Moved};
use pawdium_queue::{Limits, Queue, ledger};
use pawdium_shared::jobs::KINDS;
use pawdium_shared::operate;
use pawdium_shared::queues;
use serde::Deserialize;

use super::overview::since;
use crate::error::Error;
use crate::http::access::{Admin, AdminViewing};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{
    Chart, KindLine, LimitFields, MissingJobs, QueueBoard, QueueCard, QueueFigures, QueuesPage, Stretch,
    Window,
};
use crate::views::{Field, Fragment};

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WindowQuery {
    window: String,
}

/// `GET /admin/queues`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(choice): Query<WindowQuery>,
) -> Result<Page<QueuesPage>, Error> {
    let window = Window::from_query(&choice.window);
    show(&app, viewing, window, None).await
}

/// The page, with the refused form of one queue if there is one.
pub(super) async fn show(
    app: &App,
    viewing: AdminViewing,
    window: Window,
    refused: Option<(Queue, LimitFields)>,
) -> Result<Page<QueuesPage>, Error> {
    let mut board = read(app, window, viewing.may_act).await?;
    if let Some((queue, form)) = refused
        && let Some(card) = board.queues.iter_mut().find(|card| card.name == queue.name())
    {
        card.form = form;
    }
    let board = Fragment::render(&board).map_err(anyhow::Error::from)?;
    Ok(Page(QueuesPage { chrome: viewing.chrome, board, window }))
}

/// `GET /admin/queues/board`: the part that a live refresh fetches.
pub async fn board(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(choice): Query<WindowQuery>,
) -> Result<Page<QueueBoard>, Error> {
    Ok(Page(read(&app, Window::from_query(&choice.window), viewing.may_act).await?))
}

/// `POST /admin/queues/{queue}/pause`
pub async fn pause(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Path(queue): Path<String>,
) -> Result<(CookieJar, Redirect), Error> {
    operate::pause(&app.db, admin.actor(), find(&queue)?).await?;
    Ok((jar.add(Notice::QueuePaused.cookie()), Redirect::to("/admin/queues")))
}

/// `POST /admin/queues/{queue}/resume`
pub async fn resume(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Path(queue): Path<String>,
) -> Result<(CookieJar, Redirect), Error> {
    operate::resume(&app.db, admin.actor(), find(&queue)?).await?;
    Ok((jar.add(Notice::QueueResumed.cookie()), Redirect::to("/admin/queues")))
}

/// The queue of that name.
pub(super) fn find(name: &str) -> Result<Queue, Error> {
    queues::parse(name).map_err(|_| Error::NotFound)
}

async fn read(app: &App, window: Window, may_act: bool) -> Result<QueueBoard, Error> {
    let now = Utc::now();
    let (minutes, count) = window.stretches();
    let mut db = app.db.acquire().await?;
    let settings = control::list_queues(&mut db).await?;
    let counts = inspect::count_kinds(&mut db).await?;
    let rates = inspect::list_rates(&mut db, now, minutes, count).await?;
    let workers = inspect::list_workers(&mut db).await?.iter().filter(|worker| worker.alive).count();
    let accounts = ledger::balance(&mut db).await?;
    let missing = accounts.into_iter().filter(|account| account.missing() != 0);
    Ok(QueueBoard {
        queues: cards(&settings, &inspect::by_kind(KINDS, counts, rates), window, now),
        window,
        missing: missing.map(|account| MissingJobs { jobs: account.missing(), kind: account.kind }).collect(),
        workers: i64::try_from(workers).unwrap_or(i64::MAX),
        may_act,
        at: now,
    })
}

fn cards(
    settings: &[QueueSettings],
    kinds: &[KindFigures],
    window: Window,
    now: DateTime<Utc>,
) -> Vec<QueueCard> {
    let card = |queue: Queue| {
        let name = queue.name();
        let own = || kinds.iter().filter(|kind| kind.counts.queue == name);
        let set = settings.iter().find(|set| set.name == name);
        let limits = set.map(|set| set.limits).unwrap_or_default();
        QueueCard {
            name: name.to_owned(),
            paused_at: set.and_then(|set| set.paused_at),
            limits: limits.in_words(),
            form: limits_form(limits),
            figures: figures(&KindFigures::sum(own()), window, now),
            kinds: own()
                .map(|kind| KindLine { kind: kind.counts.kind.clone(), figures: figures(kind, window, now) })
                .collect(),
        }
    };
    queues::ALL.into_iter().map(card).collect()
}

fn figures(kind: &KindFigures, window: Window, now: DateTime<Utc>) -> QueueFigures {
    let (minutes, count) = window.stretches();
    let KindFigures { counts, .. } = kind;
    let total = kind.total();
    // The last interval is not over yet.
    let width = i64::from(minutes) * 60;
    let seconds = width * (i64::from(count) - 1) + now.timestamp().rem_euclid(width) + 1;
    let stretch =
        |moved: Moved| Stretch { enqueued: moved.enqueued, done: moved.done, failed: moved.failed() };
    let mut stretches: Vec<_> = kind.stretches.iter().copied().map(stretch).collect();
    stretches.resize(usize::from(count), Stretch::default());
    QueueFigures {
        ready: counts.ready,
        running: counts.running,
        scheduled: counts.scheduled,
        dead: counts.dead,
        oldest: counts.oldest.map(|oldest| since(oldest, now)),
        enqueued: per_minute(total.enqueued, seconds),
        done: per_minute(total.done, seconds),
        failed: per_minute(total.failed(), seconds),
        failure_share: total.failure_share(),
        wait_ms: total.mean_wait_ms(),
        run_ms: total.mean_run_ms(),
        chart: Chart { stretches, minutes },
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_minute(count: i64, seconds: i64) -> f64 {
    count as f64 * 60.0 / seconds as f64
}

/// The form filled with the current limits.
fn limits_form(limits: Limits) -> LimitFields {
    let field = |limit: Option<i32>| Field::of(limit.map(|limit| limit.to_string()).unwrap_or_default());
    LimitFields {
        max_running: field(limits.max_running),
        starts_per_minute: field(limits.starts_per_minute),
        partition_max_running: field(limits.partition_max_running),
        partition_starts_per_minute: field(limits.partition_starts_per_minute),
    }
}
