//! The figures of each kind: its jobs now, and what they did lately.

use std::collections::BTreeMap;

use super::depth::KindCounts;
use super::rates::{KindRates, Moved};
use crate::Queue;

/// The figures of one kind, or the sum of several.
#[derive(Clone, Debug, Default)]
pub struct KindFigures {
    /// The jobs now.
    pub counts: KindCounts,
    /// What the jobs did in each stretch of time, the oldest first; empty if they did nothing.
    pub stretches: Vec<Moved>,
}

impl KindFigures {
    /// The sum of all stretches.
    #[must_use]
    pub fn total(&self) -> Moved {
        self.stretches.iter().copied().fold(Moved::default(), Moved::plus)
    }

    /// The sum of several kinds, without a name.
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

/// Joins counts and rates by queue and kind. The result has all kinds of `known`, also those without jobs.
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
    fn a_kind_has_figures_if_it_is_known_or_has_jobs_or_did_something() {
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
