//! Figures of one contender.

use pawdium_bench::figures::Spread;

/// One round of one contender; `None` where not measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Jobs per second, enqueued sequentially.
    pub(crate) singly: Option<f64>,
    /// Jobs per second, enqueued one by one by concurrent callers.
    pub(crate) at_once: Option<f64>,
    /// Jobs per second, enqueued in bulk.
    pub(crate) bulk: Option<f64>,
    /// Jobs per second, from the first claim to the last ack.
    pub(crate) throughput: Option<f64>,
    /// Median latency from enqueued to started, in milliseconds.
    pub(crate) p50: Option<f64>,
    /// 99th percentile latency from enqueued to started, in milliseconds.
    pub(crate) p99: Option<f64>,
}

/// One column of one contender over all rounds; `None` where not measured.
pub(crate) fn spread(rounds: &[Figures], column: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
    Spread::of(rounds.iter().filter_map(column))
}
