//! Medians and percentiles.

/// One contender's figures of one round; what was not measured is not there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Jobs a second, enqueued one after the other.
    pub(crate) singly: Option<f64>,
    /// Jobs a second, enqueued in bulk.
    pub(crate) bulk: Option<f64>,
    /// Jobs a second, from the first claim to the last ack.
    pub(crate) throughput: Option<f64>,
    /// From enqueued to started, in milliseconds, half of the jobs.
    pub(crate) p50: Option<f64>,
    /// From enqueued to started, in milliseconds, 99 of 100 jobs.
    pub(crate) p99: Option<f64>,
}

/// The median of several rounds, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

/// What one column holds for one contender over all rounds; none where it was not measured.
pub(crate) fn spread(rounds: &[Figures], column: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
    let mut values: Vec<f64> = rounds.iter().filter_map(column).collect();
    values.sort_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    Some(Spread { least, median: quantile(&values, 0.5)?, most })
}

/// The value that a share `q` of the sorted values does not exceed: between two values, in proportion (type 7 of
/// R. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into at most thousands of values, from a share within 0..=1"
)]
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? as f64 * q;
    let (below, above) = (*sorted.get(place.floor() as usize)?, *sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 9.0], 0.5), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 9.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_ninety_ninth_percentile_is_next_to_the_largest_of_a_hundred_and_one() {
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.99), Some(99.0));
        assert_eq!(quantile(&values, 1.0), Some(100.0));
    }

    #[test]
    fn a_spread_shows_the_worst_round_too() {
        let rounds = [30.0, 10.0, 20.0].map(|p50| Figures { p50: Some(p50), ..Figures::default() });
        let expected = Spread { least: 10.0, median: 20.0, most: 30.0 };
        assert_eq!(spread(&rounds, |figures| figures.p50), Some(expected));
        assert_eq!(spread(&rounds, |figures| figures.bulk), None);
    }
}
