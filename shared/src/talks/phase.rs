//! The phases of a call: a function of its times and the clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A phase of a call. Later ones are greater.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    EnumString,
    IntoStaticStr,
    Serialize,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Phase {
    /// Only those who run it see it.
    Draft,
    /// Members pitch, edit and withdraw talks.
    Pitch,
    /// Voters vote.
    Voting,
    /// The votes are counted, and the result is frozen.
    Closed,
    /// The owners have announced the result.
    Announced,
}

impl Phase {
    /// The name in forms, in the API and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the votes are counted.
    #[must_use]
    pub fn is_over(self) -> bool {
        self >= Self::Closed
    }

    /// Whether an owner may move a call from here to there: forwards only.
    #[must_use]
    pub fn may_move_to(self, to: Self) -> bool {
        to > self
    }

    /// The field of the time at which it begins, in forms and in the API.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Draft | Self::Pitch => "pitch_from",
            Self::Voting => "voting_from",
            Self::Closed => "closes_at",
            Self::Announced => "announced_at",
        }
    }

    /// The phase that follows.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|phase| *phase > self)
    }
}

/// When the phases of a call begin. A phase without a time begins when an owner says so, or is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Times {
    /// When members begin to pitch.
    pub pitch_from: Option<DateTime<Utc>>,
    /// When voting begins.
    pub voting_from: Option<DateTime<Utc>>,
    /// When voting ends.
    pub closes_at: Option<DateTime<Utc>>,
    /// When the result is announced.
    pub announced_at: Option<DateTime<Utc>>,
}

impl Times {
    /// The times with the phases that they begin, in order.
    #[must_use]
    pub const fn each(&self) -> [(Phase, Option<DateTime<Utc>>); 4] {
        [
            (Phase::Pitch, self.pitch_from),
            (Phase::Voting, self.voting_from),
            (Phase::Closed, self.closes_at),
            (Phase::Announced, self.announced_at),
        ]
    }

    /// The phase at a time.
    #[must_use]
    pub fn phase_at(&self, now: DateTime<Utc>) -> Phase {
        let begun = self.each().into_iter().rev().find(|(_, from)| from.is_some_and(|from| from <= now));
        begun.map_or(Phase::Draft, |(phase, _)| phase)
    }

    /// The field whose time is before that of an earlier phase.
    #[must_use]
    pub fn out_of_order(&self) -> Option<&'static str> {
        let mut latest = None;
        for (phase, from) in self.each() {
            let Some(from) = from else { continue };
            if latest.is_some_and(|latest| from < latest) {
                return Some(phase.field());
            }
            latest = Some(from);
        }
        None
    }

    /// The times if a phase begins now: earlier phases have begun by now, and later ones keep their times.
    #[must_use]
    pub fn moved_to(&self, to: Phase, now: DateTime<Utc>) -> Self {
        let begun = |phase, from: Option<DateTime<Utc>>| match from {
            _ if phase == to => Some(now),
            Some(from) if phase < to => Some(from.min(now)),
            from => from,
        };
        Self {
            pitch_from: begun(Phase::Pitch, self.pitch_from),
            voting_from: begun(Phase::Voting, self.voting_from),
            closes_at: begun(Phase::Closed, self.closes_at),
            announced_at: begun(Phase::Announced, self.announced_at),
        }
    }

    /// The first field in which `new` changes what has already begun, or begins something in the past. So changing the
    /// times never changes the phase.
    #[must_use]
    pub fn rewrites_the_past(&self, new: &Self, now: DateTime<Utc>) -> Option<&'static str> {
        let pairs = self.each().into_iter().zip(new.each());
        pairs
            .filter(|((_, before), (_, after))| before != after)
            .find(|((_, before), (_, after))| {
                [before, after].iter().any(|time| time.is_some_and(|time| time <= now))
            })
            .map(|((phase, _), _)| phase.field())
    }

    /// The next time at which a phase begins, with that phase.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<(Phase, DateTime<Utc>)> {
        self.each()
            .into_iter()
            .find_map(|(phase, from)| from.filter(|from| *from > now).map(|from| (phase, from)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
        option::of((0_i64..20).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).expect("a time")))
    }

    fn times() -> impl Strategy<Value = Times> {
        (time(), time(), time(), time())
            .prop_map(|(pitch_from, voting_from, closes_at, announced_at)| Times {
                pitch_from,
                voting_from,
                closes_at,
                announced_at,
            })
            .prop_filter("in order", |times| times.out_of_order().is_none())
    }

    proptest! {
        #[test]
        fn time_only_moves_a_call_forwards(times in times(), now in 0_i64..20, later in 0_i64..20) {
            let [now, later] = [now, now + later].map(|at| DateTime::from_timestamp(at, 0).expect("a time"));
            prop_assert!(times.phase_at(now) <= times.phase_at(later));
        }

        #[test]
        fn a_moved_call_is_in_that_phase_and_its_times_stay_in_order(
            times in times(),
            now in 0_i64..20,
            to in 1_usize..5,
        ) {
            let now = DateTime::from_timestamp(now, 0).expect("a time");
            let (from, to) = (times.phase_at(now), Phase::VARIANTS[to]);
            prop_assume!(from.may_move_to(to));
            let moved = times.moved_to(to, now);
            prop_assert_eq!(moved.phase_at(now), to);
            prop_assert_eq!(moved.out_of_order(), None);
        }

        #[test]
        fn times_that_leave_the_past_alone_keep_the_phase(before in times(), after in times(), now in 0_i64..20) {
            let now = DateTime::from_timestamp(now, 0).expect("a time");
            if before.rewrites_the_past(&after, now).is_none() {
                prop_assert_eq!(before.phase_at(now), after.phase_at(now));
            }
        }
    }

    #[test]
    fn a_call_without_times_is_a_draft_and_phases_can_be_left_out() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        assert_eq!(Times::default().phase_at(Utc::now()), Phase::Draft);
        let no_pitch = Times { voting_from: at(5), ..Times::default() };
        assert_eq!(no_pitch.phase_at(at(4).expect("a time")), Phase::Draft);
        assert_eq!(no_pitch.phase_at(at(5).expect("a time")), Phase::Voting);
        let wrong = Times { pitch_from: at(5), closes_at: at(4), ..Times::default() };
        assert_eq!(wrong.out_of_order(), Some("closes_at"));
        assert_eq!(Phase::Voting.next(), Some(Phase::Closed));
        assert_eq!(Phase::Announced.next(), None);
    }
}
