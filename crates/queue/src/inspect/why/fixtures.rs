//! A job with some attempts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ids::{JobId, WorkerId};
use crate::inspect::detail::{FailedAttempt, JobDetail};
use crate::inspect::search::JobRow;
use crate::state::JobState;

/// A time this many minutes after ten o'clock.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    let ten: DateTime<Utc> = "2026-03-01T10:00:00Z".parse().expect("a time");
    ten + TimeDelta::minutes(minutes)
}

/// A job in this state after `attempt` attempts, a minute apart. All failed, except one that still runs.
pub(crate) fn job(state: JobState, attempt: i16) -> JobDetail {
    let running = i16::from(state == JobState::Running);
    let failures: Vec<_> = (1..=attempt - running)
        .map(|attempt| FailedAttempt {
            attempt,
            worker: Some(WorkerId(7)),
            worker_name: Some("paw-7".to_owned()),
            started_at: Some(at(attempt.into())),
            ended_at: at(attempt.into()),
            error: format!("no answer after {attempt} s.\nIt was tried hard."),
        })
        .collect();
    let ended = (!state.is_live()).then(|| at(i64::from(attempt) + 1));
    let claimed = attempt > 0;
    JobDetail {
        row: JobRow {
            id: JobId(42),
            queue: "media".to_owned(),
            kind: "media.process.v1".to_owned(),
            state,
            attempt,
            max_attempts: 4,
            created_at: at(0),
            at: at(i64::from(attempt) + 1),
            partition_key: Some("user:3".to_owned()),
            subject: Some("photo:12".to_owned()),
            payload: serde_json::json!({ "photo": 12 }),
            last_error: failures.last().map(|failure| failure.error.clone()),
        },
        priority: 0,
        turn: Some(5),
        run_at: Some(at(i64::from(attempt) + 1)),
        claimed_at: claimed.then(|| at(attempt.into())),
        worker: claimed.then_some(WorkerId(7)),
        worker_name: claimed.then(|| "paw-7".to_owned()),
        finished_at: ended,
        expires_at: ended.map(|ended| ended + TimeDelta::days(30)),
        unique_key: Some("12".to_owned()),
        group: None,
        failures,
    }
}
