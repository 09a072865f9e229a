//! Formats the figures.

use std::fmt::Write as _;

use pawdium_bench::figures::Spread;

use crate::{RATERS, pgbench};

/// The result of one measurement of ratings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// Median latency of a rating, in milliseconds.
    pub(crate) p50: f64,
    /// 99th percentile latency.
    pub(crate) p99: f64,
    /// Processors used by the raters, the web process and the worker.
    pub(crate) cores: [f64; 3],
}

/// One round; `None` where not measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Round {
    pub(crate) first: Option<Measured>,
    pub(crate) again: Option<Measured>,
    /// Transactions per second.
    pub(crate) pgbench: Option<f64>,
}

/// One measurement of a round.
type Measure = fn(&Round) -> Option<Measured>;

/// One round in a line.
pub(crate) fn line(round: &Round) -> String {
    let ratings = |measured: Option<Measured>| {
        measured.map_or("–".into(), |measured| format!("{:.0}/s", measured.per_second))
    };
    let pgbench = round.pgbench.map_or("–".into(), |rate| format!("{rate:.0}/s"));
    format!("first {}, again {}, pgbench -N {pgbench}", ratings(round.first), ratings(round.again))
}

/// Medians of all rounds in Markdown, with minimum and maximum in brackets. The last lines are `ratio <measure>
/// <x>`, the median of each round's ratio to pgbench.
pub(crate) fn table(rounds: &[Round]) -> String {
    let measures: [(&str, &str, Measure); 2] = [
        ("first", "ratings of photos as they are served", |round| round.first),
        ("again", "ratings that replace the rater's earlier one", |round| round.again),
    ];
    let mut text = String::from(
        "| | a second | p50, ms | p99, ms | processors: raters | web | worker |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (_, what, measure) in measures {
        let cell = |column: fn(&Measured) -> f64, digits| {
            show(Spread::of(rounds.iter().filter_map(measure).map(|measured| column(&measured))), digits)
        };
        let _ = writeln!(
            text,
            "| {what} | {} | {} | {} | {} | {} | {} |",
            cell(|measured| measured.per_second, 0),
            cell(|measured| measured.p50, 1),
            cell(|measured| measured.p99, 1),
            cell(|measured| measured.cores[0], 2),
            cell(|measured| measured.cores[1], 2),
            cell(|measured| measured.cores[2], 2),
        );
    }
    let rates = Spread::of(rounds.iter().filter_map(|round| round.pgbench));
    let _ = writeln!(text, "| {} | {} | | | | | |\n", pgbench::name(RATERS), show(rates, 0));
    for (name, _, measure) in measures {
        let ratios = rounds.iter().filter_map(|round| Some(measure(round)?.per_second / round.pgbench?));
        if let Some(ratio) = Spread::of(ratios) {
            let _ = writeln!(text, "ratio {name} {:.2}", ratio.median);
        }
    }
    text
}

fn show(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("–".into(), |Spread { least, median, most }| {
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    })
}
