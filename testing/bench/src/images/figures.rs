//! Medians, means and interpolation.

/// The median; `None` without values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper)) }
}

/// The mean; `None` without values.
#[expect(clippy::cast_precision_loss, reason = "there are hundreds of values at most")]
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The geometric mean; `None` without values.
pub(crate) fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let logarithms: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    mean(&logarithms).map(f64::exp)
}

/// Interpolates linearly at `x` between `points`, which ascend in both coordinates; `None` outside of them.
pub(crate) fn interpolate(points: &[(f64, f64)], x: f64) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        (x0 <= x && x <= x1 && x0 < x1).then(|| y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn twice_and_half_make_once() {
        assert!(geometric_mean(&[2.0, 0.5]).is_some_and(|mean| (mean - 1.0).abs() < 1e-12));
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn a_curve_is_known_between_its_ends_only() {
        let curve = [(1.0, 10.0), (2.0, 20.0), (4.0, 60.0)];
        assert_eq!(interpolate(&curve, 1.5), Some(15.0));
        assert_eq!(interpolate(&curve, 4.0), Some(60.0));
        assert_eq!(interpolate(&curve, 0.9), None);
        assert_eq!(interpolate(&curve, 4.1), None);
    }
}
