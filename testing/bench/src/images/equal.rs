//! sharp at other qualities: its score at our bytes, and its bytes at our score.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::child::Child;
use crate::compare::{Figures, bytes};
use crate::contenders::{Contender, OURS, SHARP};
use crate::corpus::Photograph;
use crate::figures::interpolate;
use crate::quality::Reference;

const QUALITIES: [u8; 8] = [60, 65, 70, 75, 80, 85, 90, 95];

/// sharp's bytes and scores for one photograph at all qualities.
#[derive(Debug)]
pub(crate) struct Curve {
    /// Index in the corpus.
    pub(crate) photograph: usize,
    points: Vec<Point>,
}

#[derive(Debug)]
struct Point {
    folder: PathBuf,
    bytes: [u64; 3],
    scores: [f64; 3],
}

/// Ours relative to sharp at equal bytes or equal score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Equal {
    /// Our score minus sharp's at equal bytes, averaged over the sizes.
    pub(crate) score: f64,
    /// Our bytes relative to sharp's at equal score, over all sizes.
    pub(crate) bytes: f64,
}

/// Renders `count` evenly spaced photographs at each quality. Returns nothing unless both ours and sharp are
/// measured.
pub(crate) fn render(
    contenders: &[Contender],
    photographs: &[Photograph],
    count: usize,
    outputs: &Path,
) -> Result<Vec<Curve>> {
    let find = |name| contenders.iter().find(|contender| contender.name == name);
    let (Some(_), Some(sharp)) = (find(OURS), find(SHARP)) else { return Ok(Vec::new()) };
    let count = count.min(photographs.len());
    let mut child = Child::start(sharp)?;
    let mut curves = Vec::with_capacity(count);
    for number in 0..count {
        let place = (2 * number + 1) * photographs.len() / (2 * count);
        let mut points = Vec::with_capacity(QUALITIES.len());
        for quality in QUALITIES {
            let folder = outputs.join(&photographs[place].name).join(format!("{SHARP}-q{quality}"));
            fs::create_dir_all(&folder)?;
            child.render(&photographs[place].path, &folder, quality)?;
            points.push(Point { bytes: bytes(&folder)?, folder, scores: [f64::NAN; 3] });
        }
        curves.push(Curve { photograph: place, points });
    }
    Ok(curves)
}

impl Curve {
    pub(crate) fn score(&mut self, reference: &Reference) -> Result<()> {
        for point in &mut self.points {
            point.scores = reference.scores(&point.folder)?;
        }
        Ok(())
    }

    /// `None` if ours is outside the range of sharp's bytes or scores.
    pub(crate) fn beside(&self, ours: &Figures) -> Option<Equal> {
        let mut scores = 0.0;
        let mut bytes = [0.0; 2];
        for size in 0..3 {
            let points: Vec<_> =
                self.points.iter().map(|point| (logarithm(point.bytes[size]), point.scores[size])).collect();
            let swapped: Vec<_> = points.iter().map(|&(bytes, score)| (score, bytes)).collect();
            scores += ours.scores[size] - interpolate(&points, logarithm(ours.bytes[size]))?;
            bytes[0] += logarithm(ours.bytes[size]).exp();
            bytes[1] += interpolate(&swapped, ours.scores[size])?.exp();
        }
        Some(Equal { score: scores / 3.0, bytes: bytes[0] / bytes[1] })
    }
}

/// Scores grow roughly linearly with the logarithm of the bytes.
#[expect(clippy::cast_precision_loss, reason = "files have far fewer than 2^52 bytes")]
fn logarithm(bytes: u64) -> f64 {
    (bytes as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> Curve {
        let point = |bytes, score| Point { folder: PathBuf::new(), bytes: [bytes; 3], scores: [score; 3] };
        Curve { photograph: 0, points: vec![point(1_000, 60.0), point(2_000, 70.0), point(4_000, 80.0)] }
    }

    #[test]
    fn a_better_score_at_equal_bytes_means_fewer_bytes_at_equal_score() {
        let ours = Figures { bytes: [2_000; 3], scores: [75.0; 3], ..Figures::default() };
        let equal = curve().beside(&ours).expect("lies within the curve");
        assert!((equal.score - 5.0).abs() < 1e-9);
        assert!((equal.bytes - 0.5_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn bytes_outside_sharps_range_have_no_result() {
        let ours = Figures { bytes: [5_000; 3], scores: [75.0; 3], ..Figures::default() };
        assert_eq!(curve().beside(&ours), None);
    }
}
