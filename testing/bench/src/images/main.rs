//! Measures the image path side by side with its peers: see `testing/bench/README.md`.

mod child;
mod compare;
mod contenders;
mod corpus;
mod equal;
mod figures;
mod ours;
mod pinned;
mod quality;
mod report;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use compare::Compare;

/// The argument that starts this program as a confined decoder.
pub(crate) const DECODE: &str = "decode";

/// Measure how photographs become squares, side by side on one processor of this machine
#[derive(Debug, Parser)]
#[command(name = "images", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: Compare,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a contender, started by the driver
    #[command(hide = true)]
    Contender {
        /// Name as in the tables
        name: String,
    },
}

fn main() -> ExitCode {
    // First of all, as in the worker.
    if std::env::args_os().skip(1).eq([DECODE]) {
        return pawdium_media::child_main();
    }
    let arguments = Arguments::parse();
    pawdium_bench::end(match arguments.command {
        Some(Command::Contender { name }) => ours::serve(&name),
        None => arguments.compare.run(),
    })
}
