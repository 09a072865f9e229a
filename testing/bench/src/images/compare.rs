//! Runs every contender on every photograph in every round. The order rotates, so that a slow phase of the machine
//! affects all contenders.

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_media::EDGES;
use serde::Serialize;

use crate::child::Child;
use crate::contenders::{self, APART, Contender, OURS, QUALITY, SANDBOXED};
use crate::corpus::{self, GENERATED, Photograph};
use crate::equal::{self, Curve};
use crate::figures::median;
use crate::ours::file;
use crate::pinned::Pinned;
use crate::quality::Reference;
use crate::report::Report;

/// Photographs that each process renders before timing starts.
const WARM_UP: usize = 3;

/// Rounds for the cost of the confinement.
const TURNS: usize = 60;

/// What to measure; everything by default.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Contenders, such as `ours,sharp`
    #[arg(long, value_delimiter = ',')]
    contenders: Vec<String>,
    /// Photographs, by a part of their names
    #[arg(long, value_delimiter = ',')]
    files: Vec<String>,
    /// Rounds per photograph; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Number of photographs for which sharp's quality is varied, to compare at equal bytes
    #[arg(long, default_value_t = 5)]
    curves: usize,
    /// A folder of JPEGs
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.pawdium/bench/photographs"))]
    corpus: PathBuf,
    /// Write all figures to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One contender's figures for one photograph.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    /// Milliseconds of each round.
    pub(crate) ms: Vec<f64>,
    /// Peak memory of a new process that renders only this photograph.
    pub(crate) peak_kib: u64,
    /// Like `peak_kib`, before the photograph.
    pub(crate) idle_kib: u64,
    /// Bytes of each size, largest first.
    pub(crate) bytes: [u64; 3],
    /// SSIMULACRA2 of each size.
    pub(crate) scores: [f64; 3],
}

impl Figures {
    /// The median in milliseconds; NaN if nothing was timed.
    pub(crate) fn time(&self) -> f64 {
        median(&self.ms).unwrap_or(f64::NAN)
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }

    pub(crate) fn mean_score(&self) -> f64 {
        self.scores.iter().sum::<f64>() / 3.0
    }
}

/// Milliseconds for a 12-megapixel picture, unconfined and confined.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Isolation {
    pub(crate) in_process: f64,
    /// Confined, in a reused process.
    pub(crate) sandboxed: f64,
    /// Confined, in a new process.
    pub(crate) apart: f64,
}

impl Compare {
    pub(crate) fn run(self) -> Result<()> {
        let contenders = contenders::named(&self.contenders)?;
        let outputs = contenders::target()?.join("bench-images");
        // Squares of an earlier run must not stand in for missing ones.
        if outputs.exists() {
            fs::remove_dir_all(&outputs).with_context(|| format!("emptying {}", outputs.display()))?;
        }
        let photographs = corpus::read(&self.corpus, &outputs, &self.files)?;
        let pinned = Pinned::to_one()?;
        let processor = pinned.processor;
        let mut figures = alone(&contenders, &photographs, &outputs)?;
        let isolation = self.in_rounds(&contenders, &photographs, &outputs, &mut figures)?;
        let mut curves = equal::render(&contenders, &photographs, self.curves, &outputs)?;
        drop(pinned);
        score(&contenders, &photographs, &outputs, &mut figures, &mut curves)?;
        let report = Report { contenders, photographs, figures, isolation, curves, processor };
        if let Some(path) = &self.json {
            let failed = || format!("writing {}", path.display());
            let text = serde_json::to_vec_pretty(&report.data())?;
            fs::write(path, text).with_context(failed)?;
        }
        print!("{}", report.text());
        Ok(())
    }

    /// Times all contenders in long-running processes.
    fn in_rounds(
        &self,
        contenders: &[Contender],
        photographs: &[Photograph],
        outputs: &Path,
        figures: &mut [Vec<Figures>],
    ) -> Result<Option<Isolation>> {
        let mut children = contenders.iter().map(Child::start).collect::<Result<Vec<_>>>()?;
        let folder = outputs.join("timed");
        fs::create_dir_all(&folder)?;
        for child in &mut children {
            for photograph in photographs.iter().take(WARM_UP) {
                child.render(&photograph.path, &folder, QUALITY)?;
            }
        }
        for round in 0..self.rounds {
            let mut totals = vec![0.0; children.len()];
            for (number, photograph) in photographs.iter().enumerate() {
                for place in 0..children.len() {
                    let turn = (place + round + number) % children.len();
                    let ms = children[turn].render(&photograph.path, &folder, QUALITY)?;
                    figures[number][turn].ms.push(ms);
                    totals[turn] += ms;
                }
            }
            let totals: Vec<_> = contenders
                .iter()
                .zip(totals)
                .map(|(contender, total)| format!("{} {total:.0} ms", contender.name))
                .collect();
            eprintln!("round {} of {}: {}", round + 1, self.rounds, totals.join(", "));
        }
        isolation(contenders, photographs, &mut children, &folder)
    }
}

/// Renders each photograph in a new process to measure memory, and keeps the squares.
fn alone(contenders: &[Contender], photographs: &[Photograph], outputs: &Path) -> Result<Vec<Vec<Figures>>> {
    let mut all = Vec::with_capacity(photographs.len());
    for photograph in photographs {
        let mut row = Vec::with_capacity(contenders.len());
        for contender in contenders {
            let folder = kept(outputs, photograph, contender);
            fs::create_dir_all(&folder)?;
            let mut child = Child::start(contender)?;
            let idle_kib = child.peak_kib()?;
            child.render(&photograph.path, &folder, QUALITY)?;
            let (peak_kib, bytes) = (child.peak_kib()?, bytes(&folder)?);
            row.push(Figures { peak_kib, idle_kib, bytes, ..Figures::default() });
        }
        all.push(row);
    }
    eprintln!("{} photographs were rendered by {} contenders", photographs.len(), contenders.len());
    Ok(all)
}

/// The folder for the squares of a photograph.
fn kept(outputs: &Path, photograph: &Photograph, contender: &Contender) -> PathBuf {
    outputs.join(&photograph.name).join(contender.name)
}

/// The file sizes of the squares in this folder.
pub(crate) fn bytes(folder: &Path) -> Result<[u64; 3]> {
    let mut bytes = [0; 3];
    for (length, edge) in bytes.iter_mut().zip(EDGES) {
        let path = file(folder, edge);
        *length = fs::metadata(&path).with_context(|| format!("looking at {}", path.display()))?.len();
    }
    Ok(bytes)
}

/// Renders the 12-megapixel picture in process and through the sandbox, alternately as one member's and as
/// different members'.
fn isolation(
    contenders: &[Contender],
    photographs: &[Photograph],
    children: &mut [Child],
    folder: &Path,
) -> Result<Option<Isolation>> {
    let place = |name| contenders.iter().position(|contender| contender.name == name);
    let generated = photographs.iter().find(|photograph| photograph.name == GENERATED);
    let (Some(ours), Some(sandboxed), Some(apart), Some(picture)) =
        (place(OURS), place(SANDBOXED), place(APART), generated)
    else {
        return Ok(None);
    };
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for (times, child) in times.iter_mut().zip([ours, sandboxed, apart]) {
            times.push(children[child].render(&picture.path, folder, QUALITY)?);
        }
    }
    let [in_process, sandboxed, apart] = times.map(|times| median(&times).unwrap_or(f64::NAN));
    Ok(Some(Isolation { in_process, sandboxed, apart }))
}

/// A photograph and the results for its squares.
type Row<'a> = (&'a Photograph, &'a mut Vec<Figures>, Option<&'a mut Curve>);

/// Scores all squares against their references, on all processors.
fn score(
    contenders: &[Contender],
    photographs: &[Photograph],
    outputs: &Path,
    figures: &mut [Vec<Figures>],
    curves: &mut [Curve],
) -> Result<()> {
    let mut curves = curves.iter_mut().peekable();
    let rows: Vec<Row> = photographs
        .iter()
        .zip(figures)
        .enumerate()
        .map(|(number, (photograph, row))| {
            (photograph, row, curves.next_if(|curve| curve.photograph == number))
        })
        .collect();
    // Threads take rows from the end: the largest photographs first.
    let left = Mutex::new(rows);
    let next = || left.lock().ok().and_then(|mut rows| rows.pop());
    let work = || -> Result<()> {
        while let Some((photograph, row, curve)) = next() {
            let reference = Reference::of(photograph)?;
            for (figures, contender) in row.iter_mut().zip(contenders) {
                figures.scores = reference.scores(&kept(outputs, photograph, contender))?;
            }
            if let Some(curve) = curve {
                curve.score(&reference)?;
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let count = thread::available_parallelism()?.get();
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
