//! The figures of the queues.
//!
//! Every report has points for every queue and kind, even if they are zero. Otherwise a dashboard that shows the last
//! value would show an old one.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_queue::inspect::{self, KindCounts, KindFigures, Moved};
use pawdium_queue::{control, ledger};
use sqlx::PgConnection;

use super::line::Point;
use crate::jobs::KINDS;
use crate::queues;

pub(super) async fn compute(
    db: &mut PgConnection,
    boundary: DateTime<Utc>,
    period: TimeDelta,
) -> sqlx::Result<Vec<Point>> {
    let counts = inspect::count_kinds(db).await?;
    let moved = inspect::sum_minutes(db, boundary - period, boundary).await?;
    let kinds = inspect::by_kind(KINDS, counts, moved);
    let paused: Vec<_> = control::list_queues(db)
        .await?
        .into_iter()
        .filter(|queue| queue.paused_at.is_some())
        .map(|queue| queue.name)
        .collect();
    let now = Utc::now();
    let mut points = Vec::new();
    for queue in queues::ALL {
        let own = kinds.iter().filter(|kind| kind.counts.queue == queue.name());
        let paused = i64::from(paused.iter().any(|name| name == queue.name()));
        let point = Point::new("queues", boundary).tag("queue", queue.name()).integer("paused", paused);
        points.push(depth(point, &KindFigures::sum(own).counts, now));
    }
    for kind in &kinds {
        let KindCounts { queue, kind: name, .. } = &kind.counts;
        let tagged = |measurement| Point::new(measurement, boundary).tag("queue", queue).tag("kind", name);
        points.push(depth(tagged("jobs"), &kind.counts, now));
        points.push(outcomes(tagged("job_runs"), kind.total()));
    }
    for account in ledger::balance(db).await? {
        let missing = account.missing();
        let point = Point::new("job_accounts", boundary).tag("kind", account.kind);
        let point = point.integer("enqueued", account.enqueued).integer("done", account.done);
        let point = point.integer("dead", account.dead).integer("cancelled", account.cancelled);
        points.push(point.integer("live", account.live).integer("missing", missing));
    }
    Ok(points)
}

/// Counts of what exists now.
fn depth(point: Point, counts: &KindCounts, now: DateTime<Utc>) -> Point {
    let age = counts.oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
    let point = point.integer("ready", counts.ready).integer("running", counts.running);
    let point = point.integer("scheduled", counts.scheduled).integer("dead", counts.dead);
    point.integer("oldest_seconds", age)
}

/// Counts of what happened in the minutes of the period. Times are in milliseconds, over the attempts that ended;
/// missing if none ended.
fn outcomes(point: Point, moved: Moved) -> Point {
    let mut point = point
        .integer("enqueued", moved.enqueued)
        .integer("attempts", moved.ended())
        .integer("done", moved.done)
        .integer("retried", moved.retried)
        .integer("dead", moved.dead)
        .integer("cancelled", moved.cancelled);
    if let Some((wait, run)) = moved.mean_wait_ms().zip(moved.mean_run_ms()) {
        point = point.float("wait_ms_mean", wait).integer("wait_ms_max", moved.max_waited_ms);
        point = point.float("run_ms_mean", run).integer("run_ms_max", moved.max_ran_ms);
    }
    point
}
