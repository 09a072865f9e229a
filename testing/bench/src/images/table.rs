//! Formats the figures in Markdown.

use std::fmt::Write as _;
use std::fs;

use pawdium_media::EDGES;

use crate::compare::Figures;
use crate::contenders::QUALITY;
use crate::figures::{geometric_mean, mean};
use crate::report::Report;

/// The machine and the contenders' settings.
pub(crate) fn header(report: &Report) -> String {
    let mut text = format!(
        "{} photographs on processor {} ({}) alone.\n\n",
        report.photographs.len(),
        report.processor,
        processor().unwrap_or_else(|| "unknown".to_owned()),
    );
    for contender in &report.contenders {
        let _ = writeln!(text, "- {}: {}", contender.name, contender.settings);
    }
    text
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Median times per photograph, and whether ours is ahead.
pub(crate) fn times(report: &Report) -> String {
    let names = names(report, " | ");
    let mut text = format!(
        "\nMilliseconds for three squares, the median.\n\n| photograph \
         | MP | stored as | bits/pixel | {names} | beside the fastest peer |\n|---|---:|---|---:|{}---|\n",
        "---:|".repeat(report.contenders.len()),
    );
    for (photograph, row) in report.photographs.iter().zip(&report.figures) {
        let cells: Vec<_> = row.iter().map(|figures| format!("{:.1}", figures.time())).collect();
        let _ = writeln!(
            text,
            "| {} | {:.1} | {} | {:.2} | {} | {} |",
            photograph.name,
            photograph.megapixels(),
            photograph.form,
            photograph.bits_per_pixel(),
            cells.join(" | "),
            standing(report, row).unwrap_or_default(),
        );
    }
    text
}

/// The fastest peer of one photograph relative to ours.
fn standing(report: &Report, row: &[Figures]) -> Option<String> {
    let ours = row[report.ours()?].time();
    let peers = report.contenders.iter().zip(row).filter(|(contender, _)| contender.is_peer);
    let (fastest, figures) = peers.min_by(|(_, a), (_, b)| a.time().total_cmp(&b.time()))?;
    let ratio = figures.time() / ours;
    let verdict = if ratio > 1.0 { "ahead" } else { "behind" };
    Some(format!("{verdict}, ×{ratio:.2} of {}", fastest.name))
}

/// Bytes and scores per photograph.
pub(crate) fn outputs(report: &Report) -> String {
    let mut text = format!(
        "\nKilobytes of the three squares, and the mean of their SSIMULACRA2 (100 is the reference).\n\n| photograph | {} |\n\
         |---|{}\n",
        names(report, " | "),
        "---:|".repeat(report.contenders.len()),
    );
    for (photograph, row) in report.photographs.iter().zip(&report.figures) {
        let cells: Vec<_> = row
            .iter()
            .map(|figures| format!("{:.0} → {:.1}", kilobytes(figures.total_bytes()), figures.mean_score()))
            .collect();
        let _ = writeln!(text, "| {} | {} |", photograph.name, cells.join(" | "));
    }
    text
}

/// All contenders over the whole corpus.
pub(crate) fn overall(report: &Report) -> String {
    let edges = EDGES.map(|edge| edge.to_string()).join(" + ");
    let mut text = format!(
        "\nOver all photographs: time for all of them, and beside ours the geometric mean; the greatest and the median \
         peak of memory, and before any picture; kilobytes and SSIMULACRA2 of {edges}.\n\n| contender | ms | times ours | \
         peak MiB, greatest | median | idle | kB in all | of each size | score | of each size |\n\
         |---|---:|---:|---:|---:|---:|---:|---|---:|---|\n",
    );
    for (place, contender) in report.contenders.iter().enumerate() {
        let all: Vec<_> = report.column(place).collect();
        let sum = |size: usize| all.iter().map(|figures| figures.bytes[size]).sum::<u64>();
        let score = |size: usize| mean(&all.iter().map(|figures| figures.scores[size]).collect::<Vec<_>>());
        let mut peaks: Vec<_> = all.iter().map(|figures| figures.peak_kib >> 10).collect();
        peaks.sort_unstable();
        let scores = [0, 1, 2].map(|size| score(size).unwrap_or(f64::NAN));
        let _ = writeln!(
            text,
            "| {} | {:.0} | {} | {} | {} | {} | {:.0} | {} | {:.2} | {} |",
            contender.name,
            all.iter().map(|figures| figures.time()).sum::<f64>(),
            report.ratio(place).map_or_else(String::new, |ratio| format!("{:.2}", ratio.speed)),
            peaks.last().copied().unwrap_or_default(),
            peaks.get(peaks.len() / 2).copied().unwrap_or_default(),
            all.iter().map(|figures| figures.idle_kib >> 10).max().unwrap_or_default(),
            [0, 1, 2].map(|size| kilobytes(sum(size))).iter().sum::<f64>(),
            [0, 1, 2].map(|size| format!("{:.0}", kilobytes(sum(size)))).join(" + "),
            scores.iter().sum::<f64>() / 3.0,
            scores.map(|score| format!("{score:.2}")).join(", "),
        );
    }
    text.push('\n');
    text
}

/// Ours and sharp at equal bytes and at equal scores.
pub(crate) fn equals(report: &Report) -> String {
    let equals = report.equals();
    if equals.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "sharp at qualities from 60 to 95 instead of {QUALITY}, read between them: our score less its own with as many \
         bytes, and our bytes over its own with the same score.\n\n| photograph | ssimulacra2 at our bytes | bytes at our \
         score |\n|---|---:|---:|\n"
    );
    let known: Vec<_> = equals.iter().filter_map(|(_, equal)| *equal).collect();
    for (photograph, equal) in &equals {
        let cells = equal.map_or_else(
            || "outside the range |".to_owned(),
            |equal| format!("{:+.2} | ×{:.3}", equal.score, equal.bytes),
        );
        let _ = writeln!(text, "| {} | {cells} |", photograph.name);
    }
    let score = mean(&known.iter().map(|equal| equal.score).collect::<Vec<_>>());
    let bytes = geometric_mean(&known.iter().map(|equal| equal.bytes).collect::<Vec<_>>());
    if let (Some(score), Some(bytes)) = (score, bytes) {
        let _ = writeln!(text, "| mean | {score:+.2} | ×{bytes:.3} |");
    }
    text.push('\n');
    text
}

fn names(report: &Report, between: &str) -> String {
    let names: Vec<_> = report.contenders.iter().map(|contender| contender.name).collect();
    names.join(between)
}

#[expect(clippy::cast_precision_loss, reason = "files have far fewer than 2^52 bytes")]
fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1e3
}
