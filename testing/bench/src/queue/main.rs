//! Measures the job queue side by side with its peers: see `testing/bench/README.md`.

mod child;
mod compare;
mod contenders;
mod figures;
mod history;
mod idle;
mod measures;
mod observer;
mod ours;
mod protocol;
mod sizes;
mod table;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use compare::Compare;
use history::History;
use idle::Idle;
use protocol::Verb;
use sizes::Sizes;

/// Measure job queues side by side on this machine, with durable storage
#[derive(Debug, Parser)]
#[command(name = "queue", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    compare: Compare,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sizes(Sizes),
    Idle(Idle),
    History(History),
    /// Run our own queue as a contender, started by the driver
    #[command(hide = true)]
    Contender {
        /// `ours`, or one of its variants
        name: String,
        /// What to do
        verb: Vec<String>,
    },
}

fn main() -> ExitCode {
    pawdium_bench::end(run(Arguments::parse()))
}

fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Some(Command::Contender { name, verb }) => {
            let verb = Verb::read(verb.into_iter()).context("unknown verb")?;
            let url = std::env::var("BENCH_POSTGRES").context("BENCH_POSTGRES is not set")?;
            // It uses the worker's runtime.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(ours::run(verb, url, &name))
        }
        Some(Command::Sizes(sizes)) => pawdium_bench::run(sizes.run()),
        Some(Command::History(history)) => pawdium_bench::run(history.run()),
        Some(Command::Idle(idle)) => pawdium_bench::run(idle.run()),
        None => pawdium_bench::run(arguments.compare.run()),
    }
}
