//! Medians and percentiles.

/// Minimum, median and maximum of several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The minimum.
    pub least: f64,
    /// The median.
    pub median: f64,
    /// The maximum.
    pub most: f64,
}

impl Spread {
    /// Summarises the values; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Self { least, median: quantile(&values, 0.5)?, most })
    }
}

/// The `q` quantile of sorted values, with linear interpolation (type 7 of R. Hyndman and Y. Fan, "Sample Quantiles
/// in Statistical Packages", The American Statistician 50, 1996).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into at most thousands of values, from a share within 0..=1"
)]
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
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
        let expected = Spread { least: 10.0, median: 20.0, most: 30.0 };
        assert_eq!(Spread::of([30.0, 10.0, 20.0]), Some(expected));
        assert_eq!(Spread::of([]), None);
    }
}
