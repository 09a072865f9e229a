//! Jobs as the pages show them.

use chrono::{DateTime, Utc};
use pawdium_queue::inspect::{
    FailedAttempt, JobDetail, JobRow, JobState, TimelineEntry, TimelineEvent, timeline,
};
use pawdium_shared::mask::mask;
use pawdium_shared::operate::Act;
use strum::VariantArray as _;

use crate::views::admin::{JobFacts, JobLine, Point, PointKind};

/// The length of an error in a list, in characters.
const ERROR: usize = 400;

/// A line of a list. `may_act`: the viewer is an admin, who can act on jobs and sees addresses.
pub(super) fn line(row: JobRow, may_act: bool) -> JobLine {
    JobLine {
        id: row.id.0,
        state: row.state.as_str(),
        attempt: row.attempt,
        max_attempts: row.max_attempts,
        subject: row.subject.as_deref().map(|subject| about(subject).0),
        created_at: row.created_at,
        at: (row.state == JobState::Scheduled || !row.state.is_live()).then_some(row.at),
        error: row.last_error.map(|error| shown(&shortened(&error), may_act)),
        acts: possible(row.state, may_act),
        kind: row.kind,
    }
}

/// The acts that the viewer can do on a job in that state.
pub(super) fn possible(state: JobState, may_act: bool) -> Vec<Act> {
    Act::VARIANTS.iter().copied().filter(|act| may_act && act.is_possible(state)).collect()
}

/// Masks addresses unless `whole`.
pub(super) fn shown(text: &str, whole: bool) -> String {
    if whole { text.to_owned() } else { mask(text).into_owned() }
}

fn shortened(error: &str) -> String {
    match error.char_indices().nth(ERROR) {
        Some((end, _)) => format!("{}…", &error[..end]),
        None => error.to_owned(),
    }
}

/// A subject in words, and the page that shows it.
fn about(subject: &str) -> (String, Option<String>) {
    match subject.split_once(':') {
        Some(("photo", id)) => (format!("photo {id}"), Some(format!("/photos/{id}"))),
        Some(("user", id)) => (format!("member {id}"), Some(format!("/admin/jobs?member={id}"))),
        _ => (subject.to_owned(), None),
    }
}

/// The facts of a job that never change.
pub(super) fn facts(job: &JobDetail, whole: bool) -> JobFacts {
    JobFacts {
        queue: job.row.queue.clone(),
        priority: job.priority,
        subject: job.row.subject.as_deref().map(about),
        partition: job.row.partition_key.as_deref().map(|key| about(key).0),
        unique_key: job.unique_key.as_deref().map(|key| shown(key, whole)),
        group: job.group.map(|group| group.0),
        kept_until: job.expires_at,
    }
}

/// The job's timeline.
pub(super) fn points(job: &JobDetail, whole: bool) -> Vec<Point> {
    timeline(job).into_iter().map(|moment| point(job, moment, whole)).collect()
}

fn point(job: &JobDetail, TimelineEntry { at, event }: TimelineEntry, whole: bool) -> Point {
    let plain =
        |kind, label: &str| Point { kind, label: label.to_owned(), at, ms: None, worker: None, error: None };
    match event {
        TimelineEvent::Enqueued => plain(PointKind::Done, "Enqueued"),
        TimelineEvent::Failed(FailedAttempt {
            attempt,
            worker,
            worker_name,
            started_at,
            ended_at,
            error,
        }) => Point {
            ms: started_at.map(|started| millis(started, ended_at)),
            worker: worker_name.or_else(|| worker.map(|id| format!("worker {id}"))),
            error: Some(shown(&error, whole)),
            ..plain(PointKind::Failed, &format!("Attempt {attempt} failed"))
        },
        TimelineEvent::Due { attempt } => plain(PointKind::Waiting, &format!("Attempt {attempt} is due")),
        TimelineEvent::Claimed { attempt, worker } => {
            let kind = if job.row.state.is_live() { PointKind::Current } else { PointKind::Done };
            let ended = job.finished_at.map(|ended| millis(at, ended));
            Point { worker, ms: ended, ..plain(kind, &format!("Attempt {attempt} started")) }
        }
        TimelineEvent::Done => plain(PointKind::Done, "Done"),
        TimelineEvent::Dead => plain(PointKind::Failed, "Dead: no more automatic retries"),
        TimelineEvent::Cancelled { reason } => Point {
            error: reason.map(|reason| shown(&reason, whole)),
            ..plain(PointKind::Failed, "Cancelled")
        },
    }
}

/// The duration, at least 0: the end may be stamped by a transaction that began before the start.
#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn millis(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_milliseconds().max(0) as f64
}
