//! A job's life, told in order.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::detail::{FailedAttempt, JobDetail};
use super::state::JobState;

/// Something that happened to a job, or is to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When it happened, or is due.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// It was put on the queue.
    Enqueued,
    /// An attempt ended badly.
    Failed(FailedAttempt),
    /// It waits for its time.
    Due {
        /// Which attempt will be next, from 1.
        attempt: i16,
    },
    /// A worker took it.
    Claimed {
        /// Which attempt, from 1.
        attempt: i16,
        /// The worker's name, while its row is kept.
        worker: Option<String>,
    },
    /// It ended well.
    Done,
    /// It failed for good.
    Dead,
    /// It was called off.
    Cancelled {
        /// Why.
        reason: Option<String>,
    },
}

/// What is known of a job's life, the oldest first.
#[must_use]
pub fn timeline(job: &JobDetail) -> Vec<Moment> {
    let moment = |at, what| Moment { at, what };
    let mut moments = vec![moment(job.row.created_at, What::Enqueued)];
    moments
        .extend(job.failures.iter().map(|failure| moment(failure.ended_at, What::Failed(failure.clone()))));
    if let Some(at) = job.claimed_at.filter(|_| is_open(job)) {
        let worker = job.worker_name.clone();
        moments.push(moment(at, What::Claimed { attempt: job.row.attempt, worker }));
    }
    let ended = job.finished_at.unwrap_or(job.row.at);
    match job.row.state {
        JobState::Scheduled => {
            let attempt = job.row.attempt.saturating_add(1);
            moments.push(moment(job.row.at, What::Due { attempt }));
        }
        JobState::Ready | JobState::Running => {}
        JobState::Done => moments.push(moment(ended, What::Done)),
        JobState::Dead => moments.push(moment(ended, What::Dead)),
        JobState::Cancelled => {
            moments.push(moment(ended, What::Cancelled { reason: job.row.last_error.clone() }));
        }
    }
    moments
}

/// Whether the last claim is not told by a failed attempt: it runs, or it ended well.
fn is_open(job: &JobDetail) -> bool {
    matches!(job.row.state, JobState::Running | JobState::Done)
}

#[cfg(test)]
mod tests {
    use super::super::why::fixtures::job;
    use super::*;

    fn told(job: &JobDetail) -> Vec<&'static str> {
        timeline(job)
            .iter()
            .map(|moment| match moment.what {
                What::Enqueued => "enqueued",
                What::Failed(_) => "failed",
                What::Due { .. } => "due",
                What::Claimed { .. } => "claimed",
                What::Done => "done",
                What::Dead => "dead",
                What::Cancelled { .. } => "cancelled",
            })
            .collect()
    }

    #[test]
    fn a_job_that_failed_twice_and_then_worked_says_so() {
        let mut done = job(JobState::Done, 3);
        done.failures.truncate(2);
        assert_eq!(told(&done), ["enqueued", "failed", "failed", "claimed", "done"]);
    }

    #[test]
    fn a_dead_jobs_last_attempt_is_told_once() {
        assert_eq!(told(&job(JobState::Dead, 2)), ["enqueued", "failed", "failed", "dead"]);
    }

    #[test]
    fn what_waits_for_another_attempt_is_due() {
        let waiting = job(JobState::Scheduled, 1);
        assert_eq!(told(&waiting), ["enqueued", "failed", "due"]);
        assert_eq!(timeline(&waiting)[2].what, What::Due { attempt: 2 });
        assert_eq!(told(&job(JobState::Ready, 0)), ["enqueued"]);
    }
}
