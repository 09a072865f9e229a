//! Why a job is not done yet: one sentence about its state and its situation.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::detail::JobDetail;
use crate::limits::Limits;
use crate::state::JobState;

/// The most jobs ahead that are counted.
pub const COUNTED_AHEAD: i64 = 10_000;

/// The situation of a live job: its queue, its partition and its worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Situation {
    /// The database's time.
    pub now: DateTime<Utc>,
    /// The number of live workers.
    pub workers: i64,
    /// The last heartbeat of the job's own worker.
    pub own_beat: Option<DateTime<Utc>>,
    /// Whether that worker is alive.
    pub own_alive: bool,
    /// When the job's queue was paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// The queue's limits.
    pub limits: Limits,
    /// The number of running jobs of the queue.
    pub running: i64,
    /// The number of running jobs of the partition.
    pub partition_running: i64,
    /// When the queue's rate allows the next start.
    pub next_start_at: Option<DateTime<Utc>>,
    /// When the partition's rate allows the next start.
    pub partition_next_start_at: Option<DateTime<Utc>>,
    /// The number of ready jobs ahead of it in the queue, at most [`COUNTED_AHEAD`] + 1.
    pub ahead: i64,
}

/// Why a job is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It has ended.
    Ended {
        /// How it ended.
        state: JobState,
        /// When it ended.
        at: DateTime<Utc>,
        /// Its error, or why it was cancelled.
        error: Option<String>,
    },
    /// It runs.
    Running {
        /// The worker's name.
        worker: String,
        /// When it was claimed.
        since: DateTime<Utc>,
        /// The attempt's number, from 1.
        attempt: i16,
        /// The number of attempts that it has.
        of: i16,
    },
    /// It ran on a worker that has fallen silent.
    WorkerSilent {
        /// The worker's name.
        worker: String,
        /// Its last heartbeat.
        since: Option<DateTime<Utc>>,
    },
    /// It is not due yet.
    Scheduled {
        /// When it is due.
        until: DateTime<Utc>,
    },
    /// An attempt failed, and the next one is not due yet.
    BackingOff {
        /// When the next attempt is due.
        until: DateTime<Utc>,
        /// The number of the failed attempt, from 1.
        attempt: i16,
        /// The number of attempts that it has.
        of: i16,
        /// The error of the failed attempt.
        error: String,
    },
    /// Something that it needs is away, and the attempt that failed doesn't count.
    Away {
        /// When the next attempt is due.
        until: DateTime<Utc>,
        /// The error of the failed attempt.
        error: String,
    },
    /// Its queue is paused.
    Paused {
        /// The queue's name.
        queue: String,
        /// When it was paused.
        since: DateTime<Utc>,
    },
    /// No worker is alive.
    NoWorker,
    /// A limit of running jobs is reached.
    AtMost {
        /// What the limit applies to.
        of: LimitScope,
        /// The limit.
        most: i32,
        /// The number of jobs ahead.
        ahead: i64,
    },
    /// A limit of starts is reached.
    Rate {
        /// What the limit applies to.
        of: LimitScope,
        /// The limit in starts a minute.
        per_minute: i32,
        /// When the next start is allowed.
        next: DateTime<Utc>,
        /// The number of jobs ahead.
        ahead: i64,
    },
    /// Other jobs are ahead.
    Ahead {
        /// How many, at most [`COUNTED_AHEAD`] + 1.
        jobs: i64,
    },
    /// It is the next job of its queue.
    Next,
}

/// What a limit applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// The queue with this name.
    Queue(String),
    /// The partition with this key.
    Partition(String),
}

/// Explains why a job is not done yet.
#[must_use]
pub fn why(job: &JobDetail, situation: &Situation) -> Why {
    let row = &job.row;
    match row.state {
        state @ (JobState::Done | JobState::Dead | JobState::Cancelled) => {
            // The error of an earlier attempt doesn't explain why the job is done.
            let error = row.last_error.clone().filter(|_| state != JobState::Done);
            Why::Ended { state, at: job.finished_at.unwrap_or(row.at), error }
        }
        JobState::Running => {
            let id =
                || job.worker.map_or_else(|| "an unknown worker".to_owned(), |id| format!("worker {id}"));
            let worker = job.worker_name.clone().unwrap_or_else(id);
            if situation.own_alive {
                let since = job.claimed_at.unwrap_or(row.at);
                Why::Running { worker, since, attempt: row.attempt, of: row.max_attempts }
            } else {
                Why::WorkerSilent { worker, since: situation.own_beat }
            }
        }
        JobState::Scheduled if row.at > situation.now => match job.failures.last() {
            Some(failure) if failure.attempt == row.attempt + 1 => {
                Why::Away { until: row.at, error: failure.error.clone() }
            }
            Some(failure) if row.attempt > 0 => Why::BackingOff {
                until: row.at,
                attempt: failure.attempt,
                of: row.max_attempts,
                error: failure.error.clone(),
            },
            _ => Why::Scheduled { until: row.at },
        },
        JobState::Scheduled | JobState::Ready => why_ready(job, situation),
    }
}

fn why_ready(job: &JobDetail, situation: &Situation) -> Why {
    let row = &job.row;
    if let Some(since) = situation.paused_at {
        return Why::Paused { queue: row.queue.clone(), since };
    }
    if situation.workers == 0 {
        return Why::NoWorker;
    }
    let queue = || LimitScope::Queue(row.queue.clone());
    let limits = &situation.limits;
    let ahead = situation.ahead;
    // The partition's limits come first: they apply even if the queue has room.
    if let Some(key) = &row.partition_key {
        let partition = || LimitScope::Partition(key.clone());
        if let Some(most) = reached(limits.partition_max_running, situation.partition_running) {
            return Why::AtMost { of: partition(), most, ahead };
        }
        if let Some((per_minute, next)) =
            next_start(limits.partition_starts_per_minute, situation.partition_next_start_at, situation.now)
        {
            return Why::Rate { of: partition(), per_minute, next, ahead };
        }
    }
    if let Some(most) = reached(limits.max_running, situation.running) {
        return Why::AtMost { of: queue(), most, ahead };
    }
    if let Some((per_minute, next)) =
        next_start(limits.starts_per_minute, situation.next_start_at, situation.now)
    {
        return Why::Rate { of: queue(), per_minute, next, ahead };
    }
    if ahead > 0 { Why::Ahead { jobs: ahead } } else { Why::Next }
}

fn reached(most: Option<i32>, running: i64) -> Option<i32> {
    most.filter(|most| running >= i64::from(*most))
}

fn next_start(
    rate: Option<i32>,
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<(i32, DateTime<Utc>)> {
    rate.zip(next.filter(|next| *next > now))
}

impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) => write!(f, "the queue {name}"),
            Self::Partition(key) => write!(f, "{key}"),
        }
    }
}

/// One sentence for admins and operators.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { state: JobState::Done, at, .. } => write!(f, "It was done {}.", on(*at)),
            Self::Ended { state: JobState::Cancelled, at, error } => {
                write!(f, "It was cancelled {}{}.", on(*at), after_colon(error.as_deref()))
            }
            Self::Ended { at, error, .. } => {
                write!(f, "It failed for good {}{}.", on(*at), after_colon(error.as_deref()))
            }
            Self::Running { worker, since, attempt, of } => {
                write!(f, "Attempt {attempt} of {of} has been running on {worker} since {}.", time(*since))
            }
            Self::WorkerSilent { worker, since } => {
                let since = since.map_or_else(String::new, |since| format!(" since {}", time(since)));
                write!(
                    f,
                    "It ran on {worker}, which has been silent{since}; a live worker will hand it back."
                )
            }
            Self::Scheduled { until } => write!(f, "It is scheduled for {}.", time(*until)),
            Self::BackingOff { until, attempt, of, error } => write!(
                f,
                "It is scheduled for {} because attempt {attempt} of {of} failed with “{}”.",
                time(*until),
                first_line(error),
            ),
            Self::Away { until, error } => write!(
                f,
                "It is scheduled for {} because something that it needs is away: “{}”. That doesn't count as an attempt.",
                time(*until),
                first_line(error),
            ),
            Self::Paused { queue, since } => {
                write!(f, "It is waiting because the queue {queue} has been paused since {}.", time(*since))
            }
            Self::NoWorker => f.write_str("It is waiting because no worker is alive."),
            Self::AtMost { of, most, ahead } => {
                write!(f, "It is ready, but {of} may run no more than {most} at once{}.", and_ahead(*ahead))
            }
            Self::Rate { of, per_minute, next, ahead } => write!(
                f,
                "It is ready, but {of} may start no more than {per_minute} a minute, the next at {}{}.",
                time(*next),
                and_ahead(*ahead),
            ),
            Self::Ahead { jobs } => {
                write!(f, "It is ready and waiting for {} ahead of it.", many(*jobs, "job"))
            }
            Self::Next => f.write_str("It is ready and the next in its queue."),
        }
    }
}

impl Why {
    /// A sentence for the owner of the photo that the job processes: what to expect, without technical detail. `None` if
    /// the photo's state says it all.
    #[must_use]
    pub fn for_owner(&self, now: DateTime<Utc>) -> Option<String> {
        const BUSY: &str =
            "The workers have as much as they may do at once right now; your photo is next in line.";
        Some(match self {
            Self::Ended { .. } => return None,
            Self::Running { .. } => "It is being worked on right now.".to_owned(),
            Self::WorkerSilent { .. } => {
                "The worker that had it has gone quiet; another one takes over within seconds.".to_owned()
            }
            Self::Scheduled { until } => format!("It is up {}.", within(*until, now)),
            Self::BackingOff { until, .. } | Self::Away { until, .. } => {
                format!("The last try didn't work out. The next one starts {}.", within(*until, now))
            }
            Self::Paused { .. } => "The workers are paused right now; your photo is safe.".to_owned(),
            Self::NoWorker => {
                "No worker is running right now; your photo is safe and will get its turn.".to_owned()
            }
            Self::AtMost { ahead: 0, .. } | Self::Rate { ahead: 0, .. } => BUSY.to_owned(),
            Self::AtMost { ahead: jobs, .. } | Self::Rate { ahead: jobs, .. } | Self::Ahead { jobs } => {
                let verb = if *jobs == 1 { "is" } else { "are" };
                let sentence = format!("{} {verb} ahead of yours.", many(*jobs, "photo"));
                sentence.replacen("more", "More", 1)
            }
            Self::Next => "Yours is the next.".to_owned(),
        })
    }
}

fn time(at: DateTime<Utc>) -> impl fmt::Display {
    at.format("%-d %b %Y, %H:%M:%S UTC")
}

fn on(at: DateTime<Utc>) -> String {
    format!("at {}", time(at))
}

fn first_line(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default().trim_end_matches('.');
    let short: String = line.chars().take(200).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

fn after_colon(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(": {}", first_line(error)))
}

fn many(count: i64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count if count > COUNTED_AHEAD => format!("more than 10,000 {one}s"),
        count => format!("{count} {one}s"),
    }
}

fn and_ahead(ahead: i64) -> String {
    match ahead {
        0 => String::new(),
        1 => ", and 1 job is ahead of it".to_owned(),
        ahead => format!(", and {} are ahead of it", many(ahead, "job")),
    }
}

/// The time until then, in words.
fn within(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (until - now).num_seconds() {
        ..=1 => "any moment".to_owned(),
        seconds @ 2..=90 => format!("in {seconds} seconds"),
        seconds => format!("in {} minutes", (seconds + 30) / 60),
    }
}

#[cfg(test)]
pub(super) mod fixtures;
#[cfg(test)]
mod tests;
