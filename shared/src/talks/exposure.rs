//! How often each talk was shown, and how equally.

/// How equally often talks were shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Equality {
    /// The Gini coefficient: 0 if all were shown equally often, towards 1 if one has it all.
    pub(super) gini: f64,
    /// Pearson's χ² against equal numbers.
    pub(super) chi_square: f64,
    /// Its degrees of freedom.
    pub(super) degrees: i32,
}

/// Measures counts. Of none, or of zeros, all are equal.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of voters are small")]
pub(super) fn equality(counts: &[i32]) -> Equality {
    let degrees = i32::try_from(counts.len().saturating_sub(1)).unwrap_or(i32::MAX);
    let mut sorted: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
    sorted.sort_by(f64::total_cmp);
    let (sum, len) = (sorted.iter().sum::<f64>(), sorted.len() as f64);
    if sum <= 0.0 {
        return Equality { gini: 0.0, chi_square: 0.0, degrees };
    }
    // With x sorted and i from 1: G = 2 Σ i xᵢ / (n Σ xᵢ) − (n + 1) / n.
    let weighted: f64 = sorted.iter().enumerate().map(|(index, count)| (index + 1) as f64 * count).sum();
    let gini = (2.0 * weighted / (len * sum) - (len + 1.0) / len).max(0.0);
    let mean = sum / len;
    let chi_square = sorted.iter().map(|count| (count - mean).powi(2) / mean).sum();
    Equality { gini, chi_square, degrees }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(equality(&[5, 5, 5]), Equality { gini: 0.0, chi_square: 0.0, degrees: 2 });
        let one_has_all = equality(&[0, 0, 0, 8]);
        assert!((one_has_all.gini - 0.75).abs() < 1e-12 && (one_has_all.chi_square - 24.0).abs() < 1e-12);
        let uneven = equality(&[1, 2, 3]);
        assert!((uneven.gini - 2.0 / 9.0).abs() < 1e-12 && (uneven.chi_square - 1.0).abs() < 1e-12);
        assert_eq!(equality(&[]), Equality { gini: 0.0, chi_square: 0.0, degrees: 0 });
        assert_eq!(equality(&[0, 0]).chi_square.to_bits(), 0.0_f64.to_bits());
    }

    proptest! {
        #[test]
        fn a_gini_coefficient_is_between_0_and_1_whatever_the_order(mut counts in vec(0_i32..10_000, 0..60)) {
            let measured = equality(&counts);
            prop_assert!((0.0..1.0).contains(&measured.gini) && measured.chi_square >= 0.0);
            counts.reverse();
            prop_assert_eq!(measured, equality(&counts));
        }
    }
}
