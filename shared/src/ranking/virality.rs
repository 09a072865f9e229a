//! Virality: an exponentially decaying sum of shares, link views and link ratings, kept in the log domain.
//!
//! A moment of weight w at time t adds w·2^((t − now)/half-life). Relative to a fixed epoch instead of now, the sum
//! only grows and the order never changes without a new moment, so nothing needs a decay pass (forward decay; G.
//! Cormode et al., "Forward Decay: A Practical Time Decay Model for Streaming Systems", ICDE 2009). The database stores
//! its log2.

use chrono::{DateTime, TimeDelta, Utc};

/// After three days a moment counts half.
pub const HALF_LIFE: TimeDelta = TimeDelta::days(3);

/// 2026-01-01T00:00:00Z, in seconds since 1970.
const EPOCH: i64 = 1_767_225_600;

/// The events that count for a photo's virality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Moment {
    /// A visit to the photo's page: counted as a view, without weight.
    View,
    /// A visitor created a link.
    Share,
    /// A visitor followed a link.
    LinkView,
    /// A visitor rated the photo after following a link.
    LinkRating,
    /// A visitor remixed the photo: counted without weight.
    Remix,
    /// A visitor commented on the photo: counted without weight.
    Comment,
}

impl Moment {
    /// The weight; `None` adds nothing.
    #[must_use]
    pub const fn weight(self) -> Option<f64> {
        match self {
            Self::View | Self::Remix | Self::Comment => None,
            Self::Share => Some(2.0),
            Self::LinkView => Some(1.0),
            Self::LinkRating => Some(3.0),
        }
    }

    /// The log2 of what it adds, relative to the epoch.
    #[must_use]
    pub fn log2_at(self, at: DateTime<Utc>) -> Option<f64> {
        self.weight().map(|weight| weight.log2() + half_lives(at))
    }
}

/// The log2 of the sum of two numbers given by their log2.
#[must_use]
pub fn add(v: f64, x: f64) -> f64 {
    v.max(x) + (1.0 + (-(v - x).abs()).exp2()).log2()
}

/// Converts a stored virality to its value at `now`, in moments of weight 1.
#[must_use]
pub fn present(stored: Option<f64>, now: DateTime<Utc>) -> f64 {
    stored.map_or(0.0, |v| (v - half_lives(now)).exp2())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay far below 2^53")]
fn half_lives(at: DateTime<Utc>) -> f64 {
    (at.timestamp_millis() - EPOCH * 1000) as f64 / HALF_LIFE.num_milliseconds() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(EPOCH + day * 86_400, 0).expect("in range")
    }

    #[test]
    fn a_moment_counts_half_after_its_half_life() {
        let stored = Moment::LinkView.log2_at(day(100));
        assert!((present(stored, day(100)) - 1.0).abs() < 1e-9);
        assert!((present(stored, day(103)) - 0.5).abs() < 1e-9);
        assert!((present(stored, day(109)) - 0.125).abs() < 1e-9);
        assert!(present(None, day(1)).abs() < 1e-12);
    }

    #[test]
    fn a_view_of_the_page_alone_is_not_viral() {
        assert_eq!(Moment::View.log2_at(day(1)), None);
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_plain_numbers(a in 0.001..1e6_f64, b in 0.001..1e6_f64) {
            let sum = add(a.log2(), b.log2()).exp2();
            prop_assert!(((a + b) - sum).abs() / (a + b) < 1e-9);
        }

        #[test]
        fn order_does_not_matter(a in -1e3..1e6_f64, b in -1e3..1e6_f64) {
            prop_assert!((add(a, b) - add(b, a)).abs() < 1e-9);
            prop_assert!(add(a, b) >= a.max(b));
        }
    }
}
