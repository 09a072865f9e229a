//! Why a job is not done yet: one sentence from the job's own state and what stands around it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::detail::JobDetail;
use super::state::JobState;
use crate::limits::Limits;

/// Beyond this many nobody counts who is ahead.
pub const COUNTED_AHEAD: i64 = 10_000;

/// What stands around a live job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Around {
    /// The database's time.
    pub now: DateTime<Utc>,
    /// Worker processes whose heart beats.
    pub workers: i64,
    /// The last heartbeat of the job's own worker.
    pub own_beat: Option<DateTime<Utc>>,
    /// Whether that heart still beats.
    pub own_alive: bool,
    /// Since when the job's queue is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// The queue's limits.
    pub limits: Limits,
    /// Jobs of the queue that run.
    pub running: i64,
    /// Jobs of the job's partition that run.
    pub partition_running: i64,
    /// When the queue's rate lets the next job start.
    pub next_start_at: Option<DateTime<Utc>>,
    /// When the partition's rate lets its next job start.
    pub partition_next_start_at: Option<DateTime<Utc>>,
    /// Ready jobs of the queue that come before it, no more than [`COUNTED_AHEAD`] and one.
    pub ahead: i64,
}

/// Why a job is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It ended.
    Ended {
        /// How.
        state: JobState,
        /// When.
        at: DateTime<Utc>,
        /// What went wrong, or why it was called off.
        error: Option<String>,
    },
    /// It runs.
    Running {
        /// The worker's name.
        worker: String,
        /// Since when.
        since: DateTime<Utc>,
        /// Which attempt, from 1.
        attempt: i16,
        /// How many it has.
        of: i16,
    },
    /// It ran on a worker that is not heard of any more.
    WorkerSilent {
        /// The worker's name.
        worker: String,
        /// Its last heartbeat.
        since: Option<DateTime<Utc>>,
    },
    /// Its time has not come.
    Scheduled {
        /// When it comes.
        until: DateTime<Utc>,
    },
    /// An attempt failed and the next has to wait.
    BackingOff {
        /// When the next is due.
        until: DateTime<Utc>,
        /// Which one failed, from 1.
        attempt: i16,
        /// How many it has.
        of: i16,
        /// How it failed.
        error: String,
    },
    /// What it needs is away: an attempt failed that doesn't count.
    Away {
        /// When the next is due.
        until: DateTime<Utc>,
        /// How it failed.
        error: String,
    },
    /// Nothing of its queue starts.
    Paused {
        /// The queue's name.
        queue: String,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Nobody is there to run it.
    NoWorker,
    /// As many run at once as may.
    AtMost {
        /// Of what there may be no more.
        of: Whole,
        /// How many.
        most: i32,
        /// Jobs that come first.
        ahead: i64,
    },
    /// As many have started lately as may.
    Rate {
        /// Of what no more may start.
        of: Whole,
        /// How many a minute.
        per_minute: i32,
        /// When the next may start.
        next: DateTime<Utc>,
        /// Jobs that come first.
        ahead: i64,
    },
    /// Others come first.
    Ahead {
        /// How many, no more than [`COUNTED_AHEAD`] and one.
        jobs: i64,
    },
    /// It is the next.
    Next,
}

/// What a limit is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// A queue.
    Queue(String),
    /// A partition of it.
    Partition(String),
}

/// Says why a job is not done yet.
#[must_use]
pub fn why(job: &JobDetail, around: &Around) -> Why {
    let row = &job.row;
    match row.state {
        state @ (JobState::Done | JobState::Dead | JobState::Cancelled) => {
            // What a job that is done has behind it is no reason for anything.
            let error = row.last_error.clone().filter(|_| state != JobState::Done);
            Why::Ended { state, at: job.finished_at.unwrap_or(row.at), error }
        }
        JobState::Running => {
            let id =
                || job.worker.map_or_else(|| "an unknown worker".to_owned(), |id| format!("worker {id}"));
            let worker = job.worker_name.clone().unwrap_or_else(id);
            if around.own_alive {
                let since = job.claimed_at.unwrap_or(row.at);
                Why::Running { worker, since, attempt: row.attempt, of: row.max_attempts }
            } else {
                Why::WorkerSilent { worker, since: around.own_beat }
            }
        }
        JobState::Scheduled if row.at > around.now => match job.failures.last() {
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
        JobState::Scheduled | JobState::Ready => why_ready(job, around),
    }
}

fn why_ready(job: &JobDetail, around: &Around) -> Why {
    let row = &job.row;
    if let Some(since) = around.paused_at {
        return Why::Paused { queue: row.queue.clone(), since };
    }
    if around.workers == 0 {
        return Why::NoWorker;
    }
    let queue = || Whole::Queue(row.queue.clone());
    let limits = &around.limits;
    let ahead = around.ahead;
    // The partition's own limits come first: they hold it even when the queue has room.
    if let Some(key) = &row.partition_key {
        let partition = || Whole::Partition(key.clone());
        if let Some(most) = reached(limits.partition_max_running, around.partition_running) {
            return Why::AtMost { of: partition(), most, ahead };
        }
        if let Some((per_minute, next)) =
            held_back(limits.partition_starts_per_minute, around.partition_next_start_at, around.now)
        {
            return Why::Rate { of: partition(), per_minute, next, ahead };
        }
    }
    if let Some(most) = reached(limits.max_running, around.running) {
        return Why::AtMost { of: queue(), most, ahead };
    }
    if let Some((per_minute, next)) = held_back(limits.starts_per_minute, around.next_start_at, around.now) {
        return Why::Rate { of: queue(), per_minute, next, ahead };
    }
    if ahead > 0 { Why::Ahead { jobs: ahead } } else { Why::Next }
}

fn reached(most: Option<i32>, running: i64) -> Option<i32> {
    most.filter(|most| running >= i64::from(*most))
}

fn held_back(
    rate: Option<i32>,
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<(i32, DateTime<Utc>)> {
    rate.zip(next.filter(|next| *next > now))
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) => write!(f, "the queue {name}"),
            Self::Partition(key) => write!(f, "{key}"),
        }
    }
}

/// For admins and operators: one sentence.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { state: JobState::Done, at, .. } => write!(f, "It was done {}.", on(*at)),
            Self::Ended { state: JobState::Cancelled, at, error } => {
                write!(f, "It was called off {}{}.", on(*at), after_colon(error.as_deref()))
            }
            Self::Ended { at, error, .. } => {
                write!(f, "It failed for good {}{}.", on(*at), after_colon(error.as_deref()))
            }
            Self::Running { worker, since, attempt, of } => {
                write!(f, "Attempt {attempt} of {of} has been running on {worker} since {}.", time(*since))
            }
            Self::WorkerSilent { worker, since } => {
                let since = since.map_or_else(String::new, |since| format!(" since {}", time(since)));
                write!(f, "It ran on {worker}, which has been silent{since}; a living worker hands it back.")
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
    /// For the owner of a photo that is being processed: what they can expect, without the machinery. None when there
    /// is nothing to say beyond the photo's own state.
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
                "No worker is around right now; your photo is safe and will get its turn.".to_owned()
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

/// How long until then, as people say it.
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
