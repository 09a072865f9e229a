//! What is measured of one contender.

use pawdium_bench::figures::Spread;

/// One contender's figures of one round; what was not measured is not there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Jobs a second, enqueued one after the other.
    pub(crate) singly: Option<f64>,
    /// Jobs a second, enqueued one by one by many at the same time.
    pub(crate) at_once: Option<f64>,
    /// Jobs a second, enqueued in bulk.
    pub(crate) bulk: Option<f64>,
    /// Jobs a second, from the first claim to the last ack.
    pub(crate) throughput: Option<f64>,
    /// From enqueued to started, in milliseconds, half of the jobs.
    pub(crate) p50: Option<f64>,
    /// From enqueued to started, in milliseconds, 99 of 100 jobs.
    pub(crate) p99: Option<f64>,
}

/// What one column holds for one contender over all rounds; none where it was not measured.
pub(crate) fn spread(rounds: &[Figures], column: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
    Spread::of(rounds.iter().filter_map(column))
}
