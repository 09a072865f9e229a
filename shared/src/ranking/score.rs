//! The score: a Bayesian mean of a photo's ratings under a prior that is frozen for an epoch.
//!
//! With the prior's weight C (in ratings) and its distribution g over 1..10, and a photo's weighed histogram c of sum n,
//! the posterior mean of a Dirichlet-multinomial is Σ k·(C·g_k + c_k)/(C + n): few ratings stay near the prior's mean,
//! many count for themselves (A. Gelman et al., *Bayesian Data Analysis*, 3rd ed., section 3.4).

use super::weights::ORDINARY;

/// The prior of an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// C, in ratings.
    pub weight: f64,
    /// g; sums to 1.
    pub distribution: [f64; 10],
}

impl Prior {
    /// Makes a prior from all ratings so far, plus one rating of each value so that no value has probability 0.
    #[must_use]
    pub fn from_pooled(weight: f64, pooled: &[i64; 10]) -> Self {
        let total: f64 = pooled.iter().map(|count| to_f64(*count) + 1.0).sum();
        Self { weight, distribution: pooled.map(|count| (to_f64(count) + 1.0) / total) }
    }

    /// The score, 1 to 10, for the total weights of ratings of 1, 2, … 10, in thousandths of an ordinary rating (see
    /// [`super::weights`]). It depends on these weights alone, so photos with equal weights share a rank.
    #[must_use]
    pub fn score(&self, bars: &[i64; 10]) -> f64 {
        let weights = bars.map(|bar| to_f64(bar) / to_f64(ORDINARY));
        let n: f64 = weights.iter().sum();
        (1..=10_i32)
            .zip(self.distribution.iter().zip(weights))
            .map(|(k, (g, c))| f64::from(k) * (self.weight * g + c) / (self.weight + n))
            .sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of ratings stay far below 2^53")]
fn to_f64(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::photos::Histogram;

    /// Of ordinary ratings.
    fn score(histogram: &[i32; 10]) -> f64 {
        uniform().score(&histogram.map(|count| i64::from(count) * ORDINARY))
    }

    fn uniform() -> Prior {
        Prior { weight: 10.0, distribution: [0.1; 10] }
    }

    #[test]
    fn more_ratings_of_the_same_mean_weigh_more() {
        let of = |values: &[usize]| {
            let mut histogram = [0; 10];
            for value in values {
                histogram[value - 1] += 1;
            }
            score(&histogram)
        };
        let [two, one, low] = [&[10, 8][..], &[9], &[4]].map(of);
        assert!(two > one && one > low, "{two} {one} {low}");
    }

    #[test]
    fn an_unrated_photo_has_the_priors_mean() {
        assert!((score(&[0; 10]) - 5.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn scores_lie_between_the_prior_and_the_mean(histogram in proptest::array::uniform10(0..1000_i32)) {
            let score = score(&histogram);
            let mean = Histogram::new(histogram).mean().unwrap_or(5.5);
            prop_assert!(score >= mean.min(5.5) - 1e-9 && score <= mean.max(5.5) + 1e-9);
        }

        #[test]
        fn one_better_rating_never_lowers_a_score(histogram in proptest::array::uniform10(0..1000_i32), low in 0_usize..9) {
            let mut worse = histogram;
            worse[low] += 1;
            let mut better = histogram;
            better[low + 1] += 1;
            prop_assert!(score(&better) > score(&worse));
        }

        #[test]
        fn pooled_priors_sum_to_one(pooled in proptest::array::uniform10(0..1_000_000_i64)) {
            let prior = Prior::from_pooled(10.0, &pooled);
            prop_assert!((prior.distribution.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(prior.distribution.iter().all(|g| *g > 0.0));
        }
    }
}
