use std::fmt::Write as _;

use askama::Template;

use super::super::filters;

/// The counts of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Jobs that were enqueued.
    pub enqueued: i64,
    /// Jobs that were done.
    pub done: i64,
    /// Attempts that failed.
    pub failed: i64,
}

/// A small chart with stacked bars of done jobs and failed attempts, and a line of enqueued jobs.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/queues/_chart.html")]
pub struct Chart {
    /// The intervals, oldest first, all of the same length.
    pub stretches: Vec<Stretch>,
    /// The length of an interval in minutes.
    pub minutes: u16,
}

/// The width and height of the SVG in its own units.
const WIDTH: f64 = 288.0;
const HEIGHT: f64 = 56.0;

impl Chart {
    fn most(&self) -> i64 {
        self.stretches
            .iter()
            .map(|stretch| stretch.enqueued.max(stretch.done + stretch.failed))
            .max()
            .unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.most() == 0
    }

    /// The highest rate per minute.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn peak(&self) -> f64 {
        self.most() as f64 / f64::from(self.minutes.max(1))
    }

    fn said(&self) -> String {
        let sum = |of: fn(&Stretch) -> i64| self.stretches.iter().map(of).sum::<i64>();
        let (enqueued, done, failed) = (sum(|s| s.enqueued), sum(|s| s.done), sum(|s| s.failed));
        format!("{enqueued} enqueued, {done} done, {failed} attempts failed")
    }

    #[expect(clippy::cast_precision_loss, reason = "places in a picture of 288 units")]
    fn place(&self, number: usize) -> f64 {
        number as f64 * WIDTH / self.stretches.len().max(1) as f64
    }

    /// The height of a count. Every count above 0 is visible.
    #[expect(clippy::cast_precision_loss, reason = "a height in a picture of 56 units")]
    fn height(&self, count: i64) -> f64 {
        let height = count as f64 / self.most().max(1) as f64 * (HEIGHT - 2.0);
        if count > 0 { height.max(1.0) } else { 0.0 }
    }

    fn bars(&self, from: impl Fn(&Stretch) -> i64, count: impl Fn(&Stretch) -> i64) -> String {
        let width = (self.place(1) * 0.8).max(0.5);
        let mut path = String::new();
        for (number, stretch) in self.stretches.iter().enumerate() {
            let height = self.height(count(stretch));
            if height > 0.0 {
                let (x, y) = (self.place(number), HEIGHT - self.height(from(stretch)));
                // Writing to a string can't fail.
                let _ = write!(path, "M{x:.1} {y:.1}v-{height:.1}h{width:.1}v{height:.1}z");
            }
        }
        path
    }

    fn done(&self) -> String {
        self.bars(|_| 0, |stretch| stretch.done)
    }

    fn failed(&self) -> String {
        self.bars(|stretch| stretch.done, |stretch| stretch.failed)
    }

    /// A line of steps, one for each interval.
    fn enqueued(&self) -> String {
        let mut path = String::new();
        for (number, stretch) in self.stretches.iter().enumerate() {
            let y = HEIGHT - self.height(stretch.enqueued);
            let start = if number == 0 { format!("M0 {y:.1}") } else { format!("V{y:.1}") };
            let _ = write!(path, "{start}H{:.1}", self.place(number + 1));
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(stretches: &[(i64, i64, i64)]) -> Chart {
        let stretch = |&(enqueued, done, failed): &_| Stretch { enqueued, done, failed };
        Chart { stretches: stretches.iter().map(stretch).collect(), minutes: 5 }
    }

    #[test]
    fn failures_stand_on_what_was_done() {
        let chart = chart(&[(0, 0, 0), (20, 10, 10)]);
        assert_eq!(chart.done(), "M144.0 56.0v-27.0h115.2v27.0z");
        assert_eq!(chart.failed(), "M144.0 29.0v-27.0h115.2v27.0z");
        assert_eq!(chart.enqueued(), "M0 56.0H144.0V2.0H288.0");
        assert!((chart.peak() - 4.0).abs() < f64::EPSILON);
    }

    #[test]
    fn one_among_thousands_is_still_seen() {
        assert!(chart(&[(0, 9000, 0), (0, 0, 1)]).failed().contains("v-1.0"));
    }

    #[test]
    fn nothing_at_all_is_a_flat_line() {
        let chart = chart(&[(0, 0, 0)]);
        assert!(chart.is_empty() && chart.done().is_empty());
        assert_eq!(chart.enqueued(), "M0 56.0H288.0");
    }
}
