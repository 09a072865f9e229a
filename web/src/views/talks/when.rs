use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

/// A moment, as the clocks of a hub's time zone show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The moment.
    pub at: DateTime<Utc>,
    /// What the clocks show.
    pub local: NaiveDateTime,
    /// How long it is until then; `None` if it has passed.
    pub left: Option<Duration>,
}

impl When {
    /// A moment, seen at another.
    #[must_use]
    pub fn new(at: DateTime<Utc>, local: NaiveDateTime, now: DateTime<Utc>) -> Self {
        Self { at, local, left: (at - now).to_std().ok() }
    }

    /// As people read it: Fri 4 Dec 2026, 18:00.
    #[must_use]
    pub fn full(&self) -> String {
        self.local.format("%a %-d %b %Y, %H:%M").to_string()
    }

    /// The day, where there is little room: 4 Dec.
    pub(super) fn day(&self) -> String {
        self.local.format("%-d %b").to_string()
    }

    /// The time of that day: 18:00.
    pub(super) fn time(&self) -> String {
        self.local.format("%H:%M").to_string()
    }

    /// The value of a field for local times: 2026-12-04T18:00.
    #[must_use]
    pub fn for_field(&self) -> String {
        self.local.format("%Y-%m-%dT%H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};

    use super::*;

    #[test]
    fn a_moment_is_shown_as_the_hubs_clocks_do() {
        let local = NaiveDate::from_ymd_opt(2026, 12, 4).and_then(|day| day.and_hms_opt(18, 5, 0));
        let local = local.expect("a moment");
        let at = local.and_utc() - TimeDelta::hours(1);
        let when = When::new(at, local, at - TimeDelta::seconds(90));
        assert_eq!(when.full(), "Fri 4 Dec 2026, 18:05");
        assert_eq!((when.day(), when.time()), ("4 Dec".to_owned(), "18:05".to_owned()));
        assert_eq!(when.for_field(), "2026-12-04T18:05");
        assert_eq!(when.left, Some(Duration::from_secs(90)));
        assert_eq!(When::new(at, local, at + TimeDelta::seconds(1)).left, None);
    }
}
