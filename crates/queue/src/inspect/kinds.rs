//! Each kind's two sides together: what there is of it now, and what it did lately.

use std::collections::BTreeMap;

use super::{KindCounts, KindRates, Moved};
use crate::Queue;

/// A kind's figures, or those of several together.
#[derive(Clone, Debug, Default)]
pub struct KindFigures {
    /// What there is now.
    pub counts: KindCounts,
    /// What it did, by stretch, the oldest first; empty where it did nothing.
    pub stretches: Vec<Moved>,
}

impl KindFigures {
    /// All stretches together.
    #[must_use]
    pub fn total(&self) -> Moved {
        self.stretches.iter().copied().fold(Moved::default(), Moved::plus)
    }

    /// Several kinds together, under no name.
    pub fn sum<'a>(kinds: impl Iterator<Item = &'a Self>) -> Self {
        kinds.fold(Self::default(), |sum, kind| {
            let longer = sum.stretches.len().max(kind.stretches.len());
            let at = |of: &Self, number: usize| of.stretches.get(number).copied().unwrap_or_default();
            let stretches = (0..longer).map(|number| at(&sum, number).plus(at(kind, number))).collect();
            let (all, more) = (sum.counts, &kind.counts);
            let counts = KindCounts {
                ready: all.ready + more.ready,
                running: all.running + more.running,
                scheduled: all.scheduled + more.scheduled,
                dead: all.dead + more.dead,
                oldest: all.oldest.into_iter().chain(more.oldest).min(),
                ..all
            };
            Self { counts, stretches }
        })
    }
}

/// Puts counts and rates together, by queue and then by kind. Those of `known` are there also when nothing is or was of
/// them.
#[must_use]
pub fn by_kind(known: &[(Queue, &str)], counts: Vec<KindCounts>, rates: Vec<KindRates>) -> Vec<KindFigures> {
    let known = known.iter().map(|(queue, kind)| (queue.name().to_owned(), (*kind).to_owned()));
    let mut kinds: BTreeMap<(String, String), KindFigures> =
        known.map(|key| (key, KindFigures::default())).collect();
    for counts in counts {
        let key = (counts.queue.clone(), counts.kind.clone());
        kinds.entry(key).or_default().counts = counts;
    }
    for rates in rates {
        kinds.entry((rates.queue, rates.kind)).or_default().stretches = rates.stretches;
    }
    let named = |((queue, kind), figures): (_, KindFigures)| {
        let counts = KindCounts { queue, kind, ..figures.counts };
        KindFigures { counts, ..figures }
    };
    kinds.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn counts(kind: &str, ready: i64, oldest: i64) -> KindCounts {
        let oldest = DateTime::from_timestamp(oldest, 0);
        KindCounts { queue: "mail".to_owned(), kind: kind.to_owned(), ready, oldest, ..KindCounts::default() }
    }

    fn rates(kind: &str, done: &[i64]) -> KindRates {
        let stretches = done.iter().map(|&done| Moved { done, ..Moved::default() }).collect();
        KindRates { queue: "mail".to_owned(), kind: kind.to_owned(), stretches }
    }

    #[test]
    fn a_kind_is_there_if_it_is_known_or_has_jobs_or_did_something() {
        let known = [(Queue::new("media"), "known")];
        let kinds = by_kind(
            &known,
            vec![counts("waits", 3, 9)],
            vec![rates("waits", &[1, 2]), rates("did", &[4, 0])],
        );
        let seen: Vec<_> = kinds
            .iter()
            .map(|kind| {
                (kind.counts.queue.as_str(), kind.counts.kind.as_str(), kind.counts.ready, kind.total().done)
            })
            .collect();
        assert_eq!(seen, [("mail", "did", 0, 4), ("mail", "waits", 3, 3), ("media", "known", 0, 0)]);
    }

    #[test]
    fn a_sum_adds_up_stretch_by_stretch_and_keeps_the_oldest() {
        let kinds = by_kind(
            &[],
            vec![counts("a", 3, 9), counts("b", 4, 5)],
            vec![rates("a", &[1, 2]), rates("b", &[0, 7])],
        );
        let sum = KindFigures::sum(kinds.iter());
        assert_eq!((sum.counts.ready, sum.counts.oldest), (7, DateTime::from_timestamp(5, 0)));
        assert_eq!(sum.stretches.iter().map(|moved| moved.done).collect::<Vec<_>>(), [1, 9]);
    }
}
