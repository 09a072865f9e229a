//! All figures, and the summary under the tables.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compare::{Figures, Isolation};
use crate::contenders::{Contender, OURS, SHARP};
use crate::corpus::Photograph;
use crate::equal::{Curve, Equal};
use crate::figures::{geometric_mean, mean};
use crate::table;

/// The results of a run.
pub(crate) struct Report {
    pub(crate) contenders: Vec<Contender>,
    pub(crate) photographs: Vec<Photograph>,
    /// One row per photograph, with each contender's figures.
    pub(crate) figures: Vec<Vec<Figures>>,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) curves: Vec<Curve>,
    /// The number of the processor used.
    pub(crate) processor: usize,
}

/// Ours relative to one peer, over all photographs.
pub(crate) struct Ratio {
    /// The peer's time over ours, geometric mean: more is better.
    pub(crate) speed: f64,
    /// Our bytes over the peer's, of all files.
    pub(crate) bytes: f64,
    /// Our peak memory over the peer's, geometric mean.
    pub(crate) memory: f64,
    /// Our mean score minus the peer's.
    pub(crate) score: f64,
}

impl Report {
    /// The figures of this contender for each photograph.
    pub(crate) fn column(&self, place: usize) -> impl Iterator<Item = &Figures> {
        self.figures.iter().map(move |row| &row[place])
    }

    /// The index of ours among the contenders.
    pub(crate) fn ours(&self) -> Option<usize> {
        self.contenders.iter().position(|contender| contender.name == OURS)
    }

    /// Ours relative to this contender; `None` if ours isn't measured.
    #[expect(clippy::cast_precision_loss, reason = "kilobytes and bytes stay far below 2^52")]
    pub(crate) fn ratio(&self, place: usize) -> Option<Ratio> {
        let pairs: Vec<_> = self.column(self.ours()?).zip(self.column(place)).collect();
        let each = |of: fn(&Figures, &Figures) -> f64| {
            pairs.iter().map(|(ours, theirs)| of(ours, theirs)).collect::<Vec<f64>>()
        };
        let total = |of: fn(&Figures, &Figures) -> u64| {
            pairs.iter().map(|(ours, theirs)| of(ours, theirs)).sum::<u64>() as f64
        };
        Some(Ratio {
            speed: geometric_mean(&each(|ours, theirs| theirs.time() / ours.time()))?,
            bytes: total(|ours, _| ours.total_bytes()) / total(|_, theirs| theirs.total_bytes()),
            memory: geometric_mean(&each(|ours, theirs| ours.peak_kib as f64 / theirs.peak_kib as f64))?,
            score: mean(&each(|ours, theirs| ours.mean_score() - theirs.mean_score()))?,
        })
    }

    /// How much faster than sharp this contender is: geometric mean over all photographs.
    fn speed_beside_sharp(&self, place: usize) -> Option<f64> {
        let sharp = self.contenders.iter().position(|contender| contender.name == SHARP)?;
        let pairs = self.column(place).zip(self.column(sharp));
        geometric_mean(&pairs.map(|(own, sharp)| sharp.time() / own.time()).collect::<Vec<_>>())
    }

    /// Each photograph with a known curve for sharp, and its comparison.
    pub(crate) fn equals(&self) -> Vec<(&Photograph, Option<Equal>)> {
        let Some(ours) = self.ours() else { return Vec::new() };
        let beside = |curve: &Curve| curve.beside(&self.figures[curve.photograph][ours]);
        self.curves.iter().map(|curve| (&self.photographs[curve.photograph], beside(curve))).collect()
    }

    /// The tables, followed by the ratios.
    pub(crate) fn text(&self) -> String {
        let mut text = table::header(self);
        text.push_str(&table::times(self));
        text.push_str(&table::outputs(self));
        text.push_str(&table::overall(self));
        text.push_str(&table::equals(self));
        if let Some(Isolation { in_process, sandboxed, apart }) = self.isolation {
            let cost = |ms: f64| (ms / in_process - 1.0) * 100.0;
            let _ = writeln!(
                text,
                "isolation of a 12-megapixel job: {in_process:.1} ms in process, {sandboxed:.1} ms sandboxed, cost {:.1} %; \
                 {apart:.1} ms, {:.1} % in a process of its own",
                cost(sandboxed),
                cost(apart),
            );
        }
        for (place, contender) in self.contenders.iter().enumerate() {
            if !contender.is_peer
                && let Some(speed) = self.speed_beside_sharp(place)
            {
                let _ = writeln!(text, "{} beside sharp: speed {speed:.2}", contender.name);
            }
        }
        for (place, contender) in self.contenders.iter().enumerate() {
            if let (true, Some(Ratio { speed, bytes, memory, score })) =
                (contender.is_peer, self.ratio(place))
            {
                let _ = writeln!(
                    text,
                    "ratio {} speed {speed:.2} bytes {bytes:.3} memory {memory:.2} ssimulacra2 {score:+.2}",
                    contender.name
                );
            }
        }
        text
    }

    /// All figures, for other programs.
    pub(crate) fn data(&self) -> Value {
        let rows = self.photographs.iter().zip(&self.figures).map(|(photograph, row)| {
            let contenders: serde_json::Map<_, _> = self
                .contenders
                .iter()
                .zip(row)
                .map(|(contender, figures)| (contender.name.to_owned(), json!(figures)))
                .collect();
            json!({
                "name": photograph.name,
                "width": photograph.width,
                "height": photograph.height,
                "bytes": photograph.bytes,
                "form": photograph.form,
                "contenders": contenders,
            })
        });
        json!({ "photographs": rows.collect::<Vec<_>>(), "isolation": self.isolation })
    }
}
