//! The ticks of schedules, and which missed ones still fire. All times are UTC and whole seconds.

use std::fmt;
use std::str::FromStr as _;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use croner::Cron;

/// When a schedule ticks.
#[derive(Clone, Debug)]
pub enum When {
    /// A cron expression.
    Cron(Box<Cron>),
    /// A period in seconds. It ticks at each multiple of the period since 1970.
    Every(i64),
}

impl When {
    /// A cron expression of six fields, the first for seconds.
    ///
    /// # Panics
    /// If the expression is malformed. All expressions are constants of this program.
    #[must_use]
    pub fn cron(expression: &str) -> Self {
        Self::Cron(Box::new(
            Cron::from_str(expression).expect("a cron expression in the table is well-formed"),
        ))
    }

    /// The last tick at or before `time`.
    #[must_use]
    pub fn at_or_before(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron(cron) => cron.find_previous_occurrence(&time.trunc_subsecs(0), true).ok(),
            Self::Every(seconds) => {
                let time = time.timestamp();
                DateTime::from_timestamp(time - time.rem_euclid(*seconds), 0)
            }
        }
    }

    /// The first tick after `time`.
    #[must_use]
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron(cron) => cron.find_next_occurrence(&time.trunc_subsecs(0), false).ok(),
            Self::Every(seconds) => {
                self.at_or_before(time).and_then(|tick| tick.checked_add_signed(TimeDelta::seconds(*seconds)))
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => f.write_str(cron.as_str()),
            Self::Every(seconds) => write!(f, "every {seconds} s"),
        }
    }
}

/// What happens to ticks that did not fire in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Only the last one fires.
    Coalesce,
    /// The last `max` fire.
    Replay {
        /// The most ticks that fire.
        max: usize,
    },
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coalesce => f.write_str("one run makes up for all"),
            Self::Replay { max } => write!(f, "the last {max} run one by one"),
        }
    }
}

/// The ticks that are due at `now`, the oldest first, if the one at `last` was the last to fire. A schedule that has never
/// fired has missed one tick.
#[must_use]
pub fn due(
    when: &When,
    missed: Missed,
    last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let max = match (missed, last) {
        (Missed::Coalesce, _) | (_, None) => 1,
        (Missed::Replay { max }, Some(_)) => max,
    };
    let mut ticks = Vec::new();
    let mut next = when.at_or_before(now);
    while let Some(tick) = next.filter(|tick| ticks.len() < max && last.is_none_or(|last| *tick > last)) {
        ticks.push(tick);
        next = when.at_or_before(tick - TimeDelta::seconds(1));
    }
    ticks.reverse();
    ticks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn minutely() -> When {
        When::cron("0 * * * * *")
    }

    #[test]
    fn schedules_and_policies_have_a_description() {
        assert_eq!(When::cron("0 17 3 * * *").to_string(), "0 17 3 * * *");
        assert_eq!(When::Every(90).to_string(), "every 90 s");
        assert_eq!(Missed::Coalesce.to_string(), "one run makes up for all");
        assert_eq!(Missed::Replay { max: 7 }.to_string(), "the last 7 run one by one");
    }

    #[test]
    fn a_tick_is_due_at_its_second_and_not_before() {
        let daily = When::cron("0 17 3 * * *");
        let last = Some(at("2026-03-01T03:17:00Z"));
        assert!(due(&daily, Missed::Coalesce, last, at("2026-03-02T03:16:59.999Z")).is_empty());
        let tick = at("2026-03-02T03:17:00Z");
        assert_eq!(due(&daily, Missed::Coalesce, last, tick), [tick]);
        assert!(due(&daily, Missed::Coalesce, Some(tick), at("2026-03-02T23:59:59Z")).is_empty());
        assert_eq!(daily.after(tick), Some(at("2026-03-03T03:17:00Z")));
    }

    #[test]
    fn an_offset_of_half_a_minute_ticks_between_the_minutes() {
        let offset = When::cron("30 * * * * *");
        assert_eq!(offset.after(at("2026-03-01T10:00:00Z")), Some(at("2026-03-01T10:00:30Z")));
        assert_eq!(offset.at_or_before(at("2026-03-01T10:00:29.9Z")), Some(at("2026-03-01T09:59:30Z")));
    }

    #[test]
    fn the_policy_decides_whether_one_or_all_missed_ticks_fire() {
        let (last, now) = (Some(at("2026-03-01T10:00:00Z")), at("2026-03-01T10:04:20Z"));
        let fourth = at("2026-03-01T10:04:00Z");
        assert_eq!(due(&minutely(), Missed::Coalesce, last, now), [fourth]);
        let all: Vec<_> =
            (1..=4).map(|minute| at("2026-03-01T10:00:00Z") + TimeDelta::minutes(minute)).collect();
        assert_eq!(due(&minutely(), Missed::Replay { max: 100 }, last, now), all);
        assert_eq!(due(&minutely(), Missed::Replay { max: 2 }, last, now), all[2..]);
    }

    #[test]
    fn a_schedule_that_never_fired_has_missed_one_tick() {
        let now = at("2026-03-01T10:04:20Z");
        for missed in [Missed::Coalesce, Missed::Replay { max: 9 }] {
            assert_eq!(due(&minutely(), missed, None, now), [at("2026-03-01T10:04:00Z")]);
        }
    }

    #[test]
    fn nothing_is_due_when_the_clock_was_set_back() {
        let (last, now) = (Some(at("2026-03-01T11:00:00Z")), at("2026-03-01T10:00:00Z"));
        assert!(due(&minutely(), Missed::Coalesce, last, now).is_empty());
    }

    #[test]
    fn a_clock_far_ahead_fires_no_more_ticks_than_the_policy_allows() {
        let ticks = due(
            &When::Every(1),
            Missed::Replay { max: 5 },
            Some(at("2026-01-01T00:00:00Z")),
            at("2056-01-01T00:00:00Z"),
        );
        assert_eq!(ticks.len(), 5);
    }

    proptest! {
        #[test]
        fn periods_need_not_divide_anything(seconds in 1_i64..100_000, time in 0_i64..4_000_000_000) {
            let when = When::Every(seconds);
            let time = DateTime::from_timestamp(time, 500_000_000).expect("in range");
            let (before, after) = (when.at_or_before(time).expect("a tick"), when.after(time).expect("a tick"));
            prop_assert!(before <= time && time < after);
            prop_assert_eq!(after - before, TimeDelta::seconds(seconds));
            prop_assert_eq!(before.timestamp() % seconds, 0);
            prop_assert_eq!(when.at_or_before(before), Some(before));
        }

        #[test]
        fn due_ticks_are_in_order_and_after_the_last_one(gap in 0_i64..10_000, max in 1_usize..50) {
            let last = at("2026-03-01T10:00:00Z");
            let now = last + TimeDelta::seconds(gap);
            let ticks = due(&minutely(), Missed::Replay { max }, Some(last), now);
            prop_assert_eq!(ticks.len(), usize::try_from(gap / 60).expect("positive").min(max));
            prop_assert!(ticks.is_sorted());
            prop_assert!(ticks.iter().all(|tick| *tick > last && *tick <= now));
        }
    }
}
