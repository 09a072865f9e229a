//! The timeline of a job.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::detail::{FailedAttempt, JobDetail};
use crate::state::JobState;

/// An event in the life of a job, past or due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// When it happened or is due.
    pub at: DateTime<Utc>,
    /// The event.
    #[serde(flatten)]
    pub event: TimelineEvent,
}

/// What happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum TimelineEvent {
    /// The job was enqueued.
    Enqueued,
    /// An attempt failed.
    Failed(FailedAttempt),
    /// The next attempt is due.
    Due {
        /// The attempt's number, from 1.
        attempt: i16,
    },
    /// A worker claimed the job.
    Claimed {
        /// The attempt's number, from 1.
        attempt: i16,
        /// The worker's name, while its row is kept.
        worker: Option<String>,
    },
    /// The job finished.
    Done,
    /// The job failed for good.
    Dead,
    /// The job was cancelled.
    Cancelled {
        /// Why.
        reason: Option<String>,
    },
}

/// Lists what happened to a job, the oldest event first.
#[must_use]
pub fn timeline(job: &JobDetail) -> Vec<TimelineEntry> {
    let entry = |at, event| TimelineEntry { at, event };
    let mut entries = vec![entry(job.row.created_at, TimelineEvent::Enqueued)];
    entries.extend(
        job.failures.iter().map(|failure| entry(failure.ended_at, TimelineEvent::Failed(failure.clone()))),
    );
    if let Some(at) = job.claimed_at.filter(|_| has_open_claim(job)) {
        let worker = job.worker_name.clone();
        entries.push(entry(at, TimelineEvent::Claimed { attempt: job.row.attempt, worker }));
    }
    let ended = job.finished_at.unwrap_or(job.row.at);
    match job.row.state {
        JobState::Scheduled => {
            let attempt = job.row.attempt.saturating_add(1);
            entries.push(entry(job.row.at, TimelineEvent::Due { attempt }));
        }
        JobState::Ready | JobState::Running => {}
        JobState::Done => entries.push(entry(ended, TimelineEvent::Done)),
        JobState::Dead => entries.push(entry(ended, TimelineEvent::Dead)),
        JobState::Cancelled => {
            entries.push(entry(ended, TimelineEvent::Cancelled { reason: job.row.last_error.clone() }));
        }
    }
    entries
}

/// Whether no failed attempt stands for the last claim: the job runs, or it has finished.
fn has_open_claim(job: &JobDetail) -> bool {
    matches!(job.row.state, JobState::Running | JobState::Done)
}

#[cfg(test)]
mod tests {
    use super::super::why::fixtures::job;
    use super::*;

    fn events(job: &JobDetail) -> Vec<&'static str> {
        timeline(job)
            .iter()
            .map(|entry| match entry.event {
                TimelineEvent::Enqueued => "enqueued",
                TimelineEvent::Failed(_) => "failed",
                TimelineEvent::Due { .. } => "due",
                TimelineEvent::Claimed { .. } => "claimed",
                TimelineEvent::Done => "done",
                TimelineEvent::Dead => "dead",
                TimelineEvent::Cancelled { .. } => "cancelled",
            })
            .collect()
    }

    #[test]
    fn a_job_that_failed_twice_and_then_finished_shows_all_attempts() {
        let mut done = job(JobState::Done, 3);
        done.failures.truncate(2);
        assert_eq!(events(&done), ["enqueued", "failed", "failed", "claimed", "done"]);
    }

    #[test]
    fn the_last_attempt_of_a_dead_job_is_listed_once() {
        assert_eq!(events(&job(JobState::Dead, 2)), ["enqueued", "failed", "failed", "dead"]);
    }

    #[test]
    fn a_job_between_two_attempts_is_due() {
        let waiting = job(JobState::Scheduled, 1);
        assert_eq!(events(&waiting), ["enqueued", "failed", "due"]);
        assert_eq!(timeline(&waiting)[2].event, TimelineEvent::Due { attempt: 2 });
        assert_eq!(events(&job(JobState::Ready, 0)), ["enqueued"]);
    }
}
