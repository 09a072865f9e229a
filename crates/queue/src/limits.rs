//! The limits that an operator sets for a queue, and the arithmetic of rates.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Limits over all processes; `None` is no limit. A partition is an owner or a mail domain, for example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most jobs of the queue that run at once.
    pub max_running: Option<i32>,
    /// The most jobs of the queue that start in a minute.
    pub starts_per_minute: Option<i32>,
    /// The most jobs of one partition that run at once.
    pub partition_max_running: Option<i32>,
    /// The most jobs of one partition that start in a minute.
    pub partition_starts_per_minute: Option<i32>,
}

/// Reads the limits from a row with the columns of `job_queues`.
macro_rules! limits_of {
    ($row:ident) => {
        crate::limits::Limits {
            max_running: $row.max_running,
            starts_per_minute: $row.starts_per_minute,
            partition_max_running: $row.partition_max_running,
            partition_starts_per_minute: $row.partition_starts_per_minute,
        }
    };
}
pub(super) use limits_of;

impl Limits {
    /// The highest value of a limit.
    pub const MOST: i32 = 1_000_000;

    /// A phrase for each limit that is set.
    #[must_use]
    pub fn in_words(self) -> Vec<String> {
        [
            self.max_running.map(|most| format!("{most} at once")),
            self.starts_per_minute.map(|most| format!("{most} a minute")),
            self.partition_max_running.map(|most| format!("each partition {most} at once")),
            self.partition_starts_per_minute.map(|most| format!("each partition {most} a minute")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A rate limit: the generic cell rate algorithm in its virtual scheduling form (ITU-T I.371). Starts are evenly spaced,
/// with a burst of a tenth of a second, so that fast rates don't need a statement for each job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    interval: TimeDelta,
    burst: i32,
}

impl Rate {
    pub(super) fn per_minute(starts: i32) -> Self {
        let starts = starts.max(1);
        Self {
            interval: TimeDelta::microseconds(60_000_000 / i64::from(starts)),
            burst: (starts / 600).max(1),
        }
    }

    /// How early a start may be.
    fn tolerance(self) -> TimeDelta {
        self.interval * (self.burst - 1)
    }

    /// The number of jobs that may start at `now` if the next start is due at `next`.
    pub(super) fn room(self, next: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
        let slack = now + self.tolerance() - next.max(now);
        match slack.num_microseconds() {
            Some(slack) if slack >= 0 => slack / self.interval.num_microseconds().unwrap_or(1).max(1) + 1,
            _ => 0,
        }
    }

    /// When the next start is due after `started` jobs have started at `now`.
    pub(super) fn after(self, next: DateTime<Utc>, now: DateTime<Utc>, started: i64) -> DateTime<Utc> {
        next.max(now) + self.interval * i32::try_from(started).unwrap_or(i32::MAX)
    }

    /// The time until a job may start.
    pub(super) fn wait(self, next: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
        (next - self.tolerance() - now).max(TimeDelta::zero())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_minute_has_no_more_starts_than_the_rate_and_a_burst(
            starts in 1_i32..5_000,
            pauses in prop::collection::vec(0_i64..2_000_000, 1..200),
        ) {
            let rate = Rate::per_minute(starts);
            let mut now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
            let mut next = DateTime::UNIX_EPOCH;
            let mut started = Vec::new();
            for pause in pauses {
                now += TimeDelta::microseconds(pause);
                let room = rate.room(next, now);
                next = rate.after(next, now, room);
                started.push((now, room));
                prop_assert_eq!(rate.room(next, now), 0);
                prop_assert!(rate.room(next, now + rate.wait(next, now)) >= 1);
            }
            for (from, _) in &started {
                let within = started.iter().filter(|(at, _)| at >= from && *at < *from + TimeDelta::minutes(1));
                let total: i64 = within.map(|(_, room)| room).sum();
                // The interval is rounded down to microseconds, so a few more may fit.
                prop_assert!(total <= i64::from(starts) + i64::from(starts) / 1000 + i64::from(rate.burst) + 1);
            }
        }
    }

    #[test]
    fn thirty_a_minute_are_two_seconds_apart() {
        let rate = Rate::per_minute(30);
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        assert_eq!(rate.room(DateTime::UNIX_EPOCH, now), 1);
        let next = rate.after(DateTime::UNIX_EPOCH, now, 1);
        assert_eq!(rate.wait(next, now), TimeDelta::seconds(2));
    }
}
