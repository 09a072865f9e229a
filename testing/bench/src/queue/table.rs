//! Formats the figures.

use std::fmt::Write as _;

use pawdium_bench::figures::Spread;

use crate::contenders::Contender;
use crate::figures::{Figures, spread};
use crate::protocol::CALLERS;

/// One round of one contender.
pub(crate) fn line(figures: &Figures) -> String {
    let show =
        |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
    format!(
        "singly {}/s, at once {}/s, bulk {}/s, throughput {}/s, p50 {} ms, p99 {} ms",
        show(figures.singly, 0),
        show(figures.at_once, 0),
        show(figures.bulk, 0),
        show(figures.throughput, 0),
        show(figures.p50, 2),
        show(figures.p99, 2),
    )
}

/// Medians of all rounds in Markdown, with minimum and maximum in brackets, followed by each contender's settings.
pub(crate) fn table(contenders: &[Contender], measured: &[Vec<Figures>], backlog: u64) -> String {
    let mut text = format!(
        "| queue | enqueue singly, jobs/s | {CALLERS} at once, jobs/s | enqueue {backlog} in bulk, jobs/s | throughput, jobs/s | latency p50, ms | \
         latency p99, ms | ours: throughput | p50 | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for (contender, rounds) in contenders.iter().zip(measured) {
        let cell = |column: fn(&Figures) -> Option<f64>, digits| show(spread(rounds, column), digits);
        let [throughput, p50, p99] = match ratio(contenders, measured, contender) {
            Some(ratio) if contender.is_peer => ratio.map(|x| format!("×{}", significant(x))),
            _ => [const { String::new() }; 3],
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {throughput} | {p50} | {p99} |",
            contender.name,
            cell(|figures| figures.singly, 0),
            cell(|figures| figures.at_once, 0),
            cell(|figures| figures.bulk, 0),
            cell(|figures| figures.throughput, 0),
            cell(|figures| figures.p50, 2),
            cell(|figures| figures.p99, 2),
        );
    }
    text.push('\n');
    for contender in contenders {
        let _ = writeln!(text, "- {}: {}", contender.name, contender.settings);
    }
    text
}

/// One line per peer: ours relative to the peer.
pub(crate) fn ratios(contenders: &[Contender], measured: &[Vec<Figures>]) -> String {
    let mut text = String::new();
    for peer in contenders.iter().filter(|contender| contender.is_peer) {
        if let Some([throughput, p50, p99]) =
            ratio(contenders, measured, peer).map(|ratio| ratio.map(significant))
        {
            let _ = writeln!(text, "ratio {} throughput {throughput} p50 {p50} p99 {p99}", peer.name);
        }
    }
    text
}

/// Throughput, p50 and p99 of the first contender relative to `peer`; `None` where not measured.
fn ratio(contenders: &[Contender], measured: &[Vec<Figures>], peer: &Contender) -> Option<[f64; 3]> {
    let of = |name: &str| {
        let place = contenders.iter().position(|contender| contender.name == name)?;
        let median = |column: fn(&Figures) -> Option<f64>| Some(spread(&measured[place], column)?.median);
        Some([
            median(|figures| figures.throughput)?,
            median(|figures| figures.p50)?,
            median(|figures| figures.p99)?,
        ])
    };
    let (ours, theirs) = (of(crate::contenders::OURS)?, of(peer.name)?);
    Some(std::array::from_fn(|column| ours[column] / theirs[column]))
}

fn show(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("–".into(), |Spread { least, median, most }| {
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    })
}

/// Two decimals, or more for small numbers.
fn significant(x: f64) -> String {
    if x.abs() < 0.1 { format!("{x:.4}") } else { format!("{x:.2}") }
}
