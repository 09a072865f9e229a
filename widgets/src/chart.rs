//! Small drawings of numbers.

/// The height of a line's drawing.
const HEIGHT: f64 = 28.0;

/// The points of a line through counts, for the attribute `points` of a drawing that is 100 wide and 30 high.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a drawing has a few hundred pixels")]
pub fn line(counts: &[i64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = 100.0 / (counts.len().max(2) - 1) as f64;
    let point = |(place, count): (usize, &i64)| {
        format!("{:.1},{:.1}", place as f64 * step, HEIGHT + 1.0 - *count as f64 / most * HEIGHT)
    };
    counts.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
}

/// The height of a bar, if the highest has `full`. What isn't zero can be seen.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a drawing has a few hundred pixels")]
pub(crate) fn bar(count: i64, most: i64, full: f64) -> f64 {
    match count {
        ..=0 => 0.0,
        _ => (count as f64 / most.max(1) as f64 * full).max(1.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_spans_the_drawing() {
        assert_eq!(line(&[0, 2, 1]), "0.0,29.0 50.0,1.0 100.0,15.0");
        assert_eq!(line(&[0, 0]), "0.0,29.0 100.0,29.0");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn the_highest_bar_is_full_and_no_count_is_invisible() {
        assert!((bar(8, 8, 60.0) - 60.0).abs() < 1e-9);
        assert!(bar(1, 1_000_000, 60.0) > 1.0);
        assert!(bar(0, 8, 60.0) < 1e-9);
    }
}
