//! The figures of the queues.
//!
//! Every queue and every kind has its points in every report, also when nothing is there: a dashboard that shows the last
//! value would show an old one otherwise.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::line::Point;
use crate::jobs::KINDS;
use crate::queue::inspect::{self, KindCounts, Moved};
use crate::queue::{Queue, control, ledger};

/// A kind's figures.
#[derive(Default)]
struct Kind {
    counts: Option<KindCounts>,
    moved: Moved,
}

/// Kinds by queue and name.
type Kinds = BTreeMap<(String, String), Kind>;

pub(super) async fn compute(
    db: &mut PgConnection,
    boundary: DateTime<Utc>,
    period: TimeDelta,
) -> sqlx::Result<Vec<Point>> {
    let mut kinds: Kinds = KINDS
        .iter()
        .map(|(queue, kind)| ((queue.to_string(), (*kind).to_owned()), Kind::default()))
        .collect();
    for counts in inspect::count_kinds(db).await? {
        let key = (counts.queue.clone(), counts.kind.clone());
        kinds.entry(key).or_default().counts = Some(counts);
    }
    for moved in inspect::sum_minutes(db, boundary - period, boundary).await? {
        let total = moved.total();
        kinds.entry((moved.queue, moved.kind)).or_default().moved = total;
    }
    let paused: Vec<_> = control::list_queues(db)
        .await?
        .into_iter()
        .filter(|queue| queue.paused_at.is_some())
        .map(|queue| queue.name)
        .collect();
    let now = Utc::now();
    let mut points = Vec::new();
    for queue in Queue::ALL {
        let own = || kinds.iter().filter(|((name, _), _)| name == queue.name()).map(|(_, kind)| kind);
        let paused = i64::from(paused.iter().any(|name| name == queue.name()));
        let point = Point::new("queues", boundary).tag("queue", queue.name()).integer("paused", paused);
        points.push(depth(point, own(), now));
    }
    for ((queue, name), kind) in &kinds {
        let tagged = |measurement| Point::new(measurement, boundary).tag("queue", queue).tag("kind", name);
        points.push(depth(tagged("jobs"), std::iter::once(kind), now));
        points.push(outcomes(tagged("job_runs"), kind.moved));
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

/// What is there at the moment of asking.
fn depth<'a>(point: Point, kinds: impl Iterator<Item = &'a Kind>, now: DateTime<Utc>) -> Point {
    let (mut ready, mut running, mut scheduled, mut dead, mut oldest) = (0, 0, 0, 0, None);
    for counts in kinds.filter_map(|kind| kind.counts.as_ref()) {
        ready += counts.ready;
        running += counts.running;
        scheduled += counts.scheduled;
        dead += counts.dead;
        oldest = oldest.into_iter().chain(counts.oldest).min();
    }
    let age = oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
    let point = point.integer("ready", ready).integer("running", running);
    point.integer("scheduled", scheduled).integer("dead", dead).integer("oldest_seconds", age)
}

/// What happened in the period's minutes. Times are in milliseconds, over the attempts that ended; none ended, none there.
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
